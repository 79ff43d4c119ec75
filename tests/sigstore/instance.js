// A private Sigstore: a certificate authority with its log, Rekor v1, a timestamp authority.
//
// The parts are those of @sigstore/mock, with what they lack: e-mail identities, the form in which
// Rekor logs a DSSE envelope, timestamps for binary requests with nonces of any size.
"use strict";

const crypto = require("node:crypto");
require("reflect-metadata");
const asn1js = require("asn1js");
const pkijs = require("pkijs");
const x509 = require("@peculiar/x509");
const { Crypto } = require("@peculiar/webcrypto");
const mock = require("@sigstore/mock");

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const MINUTE = 60_000;
const ISSUER_NAME = "CN=sigstore,O=sigstore.mock";
const ECDSA_SHA384 = { name: "ECDSA", hash: "SHA-384" };
const OID_ISSUER_V1 = "1.3.6.1.4.1.57264.1.1";
const OID_ISSUER_V2 = "1.3.6.1.4.1.57264.1.8";
const OID_SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";
const OID_SHA256 = "2.16.840.1.101.3.4.2.1";
const OID_TSA_POLICY = "1.3.6.1.4.1.57264.2";

const webcrypto = new Crypto();
x509.cryptoProvider.set(webcrypto);

const newKey = () => crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const pem = (der) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/(.{64})(?=.)/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest();

// What DSSE signs.
function pae(payload) {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  ]);
}

// The list with its one timestamp: each has its length before it (RFC 6962 section 3.3).
function sctExtension(sct) {
  const bytes = Buffer.from(sct);
  const list = Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  return new x509.Extension(OID_SCT_LIST, false, new asn1js.OctetString({ valueHex: list }).toBER(false));
}

class Instance {
  static async create(baseUrl) {
    const made = new Instance();
    made.baseUrl = baseUrl;
    made.ctLog = await mock.initializeCTLog(newKey());
    made.ca = await mock.initializeCA(newKey(), made.ctLog);
    made.tlog = await mock.initializeTLog(baseUrl, newKey());
    made.tsa = await mock.initializeTSA(newKey());
    // The mock writes a nonce as a number, which loses digits of a nonce of 64 bits.
    const tstInfo = made.tsa.tstInfo.bind(made.tsa);
    made.tsa.tstInfo = (request) => {
      const info = tstInfo(request);
      info.nonce = request.nonceHex && new asn1js.Integer({ valueHex: request.nonceHex });
      return info;
    };
    return made;
  }

  // A certificate of ten minutes, as Fulcio issues: the identity is an address or a URI.
  async certificate({ publicKey, identity, issuer, at = new Date(), kind, log = this.ctLog }) {
    const key = await webcrypto.subtle.importKey(
      "spki",
      publicKey.export({ format: "der", type: "spki" }),
      { name: "ECDSA", namedCurve: "P-256" },
      true,
      ["verify"],
    );
    const type = kind ?? (identity.includes("://") ? "url" : "email");
    const wanted = {
      serialNumber: crypto.randomBytes(8).toString("hex").replace(/^./, "1"),
      notBefore: at,
      notAfter: new Date(at.getTime() + 10 * MINUTE),
      issuer: ISSUER_NAME,
      publicKey: key,
      signingAlgorithm: ECDSA_SHA384,
      signingKey: this.ca.keyPair.privateKey,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
        new x509.SubjectAlternativeNameExtension([{ type, value: identity }], true),
        await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
        new x509.Extension(OID_ISSUER_V1, false, Buffer.from(issuer)),
        new x509.Extension(OID_ISSUER_V2, false, new asn1js.Utf8String({ value: issuer }).toBER(false)),
      ],
    };
    if (log) {
      const before = await x509.X509CertificateGenerator.create(wanted, webcrypto);
      const sct = await log.log(before.rawData, await this.ca.issuerID);
      wanted.extensions.push(sctExtension(sct));
    }
    return Buffer.from((await x509.X509CertificateGenerator.create(wanted, webcrypto)).rawData);
  }

  // Logs an envelope as Rekor v1 does, and answers as it does: one entry under its name.
  async logEnvelope(envelopeText, verifiers, at) {
    const envelope = JSON.parse(envelopeText);
    const hash = (bytes) => ({ algorithm: "sha256", value: sha256(bytes).toString("hex") });
    const body = {
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: {
        envelopeHash: hash(envelopeText),
        payloadHash: hash(Buffer.from(envelope.payload, "base64")),
        signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier: verifiers[0] })),
      },
    };
    const clock = this.tlog.getCurrentTime;
    this.tlog.getCurrentTime = () => (at ?? new Date()).getTime();
    try {
      return await this.tlog.log(body);
    } finally {
      this.tlog.getCurrentTime = clock;
    }
  }

  // A timestamp response (RFC 3161) for a signature.
  async timestamp(signature, at) {
    return this.stamp({ artifactHash: sha256(signature) }, at);
  }

  // Answers a request in its binary form.
  async answerTimestamp(bytes) {
    const request = pkijs.TimeStampReq.fromBER(bytes);
    return this.stamp({
      artifactHash: Buffer.from(request.messageImprint.hashedMessage.valueBlock.valueHexView),
      hashAlgorithmOID: request.messageImprint.hashAlgorithm.algorithmId,
      nonceHex: request.nonce?.valueBlock.valueHexView,
      certReq: request.certReq,
    });
  }

  async stamp(request, at) {
    const clock = this.tsa.getCurrentTime;
    // Whole seconds, as Sigstore's own authority writes: its Rust library reads no others.
    this.tsa.getCurrentTime = () => new Date(Math.floor((at ?? new Date()).getTime() / 1000) * 1000);
    try {
      return await this.tsa.timestamp({ hashAlgorithmOID: OID_SHA256, policyOID: OID_TSA_POLICY, ...request });
    } finally {
      this.tsa.getCurrentTime = clock;
    }
  }

  // What a verifier pins. Valid from a day before now.
  trustedRoot() {
    const validFor = { start: new Date(Date.now() - 24 * 60 * MINUTE).toISOString() };
    const log = (publicKey) => ({
      baseUrl: this.baseUrl,
      hashAlgorithm: "SHA2_256",
      publicKey: {
        rawBytes: publicKey.toString("base64"),
        keyDetails: "PKIX_ECDSA_P256_SHA_256",
        validFor,
      },
      logId: { keyId: sha256(publicKey).toString("base64") },
    });
    const authority = (name, certificates) => ({
      subject: { organization: "sigstore.mock", commonName: name },
      uri: this.baseUrl,
      certChain: { certificates: certificates.map((der) => ({ rawBytes: der.toString("base64") })) },
      validFor,
    });
    return {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [log(this.tlog.publicKey)],
      certificateAuthorities: [authority("sigstore", [this.ca.rootCertificate])],
      ctlogs: [log(this.ctLog.publicKey)],
      timestampAuthorities: [authority("tsa", [this.tsa.intCertificate, this.tsa.rootCertificate])],
    };
  }
}

module.exports = { Instance, PAYLOAD_TYPE, newKey, pae, pem, sha256, x509 };
