// Writes src/keys/testdata/sigstore: keyless bundles of a private instance and what each must be judged as.
//
// Every run makes new keys; the time is always the same one, so that no machine's clock is before it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const crypto = require("node:crypto");

const NOW = Date.parse("2026-01-15T12:00:00Z");
const RealDate = Date;
// Before the mock is loaded: it dates its own certificates by this clock.
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [NOW]));
  }
  static now() {
    return NOW;
  }
};
const { Instance, PAYLOAD_TYPE, newKey, pae, pem, sha256 } = require("./instance.js");

const HOUR = 3_600_000;
const OUT = path.join(__dirname, "..", "..", "src", "keys", "testdata", "sigstore");
const ISSUER = "https://accounts.example.com";
const EMAIL = "dev@example.com";
const WORKFLOW = "https://ci.example.com/acme/widget/.ci/release.yml@refs/heads/main";
const SUBJECT = sha256("the manifest of a change");

const statement = (comment) =>
  Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "change", digest: { sha256: SUBJECT.toString("hex") } }],
      predicateType: "https://example.com/review/v1",
      predicate: { comment },
    }),
  );

const at = (offset) => new Date(NOW + offset);

async function sign(instance, wanted = {}) {
  const {
    identity = EMAIL, issuer = ISSUER, comment = "Looks good.", kind, ctLog,
    issued = 0, logged = 0, stamped, promise = true, payloadType = PAYLOAD_TYPE,
  } = wanted;
  const key = newKey();
  const certificate = await instance.certificate({
    publicKey: key.publicKey, identity, issuer, kind, at: at(issued), log: ctLog,
  });
  const payload = statement(comment);
  const sig = crypto.sign("sha256", pae(payload), key.privateKey);
  const envelope = {
    payload: payload.toString("base64"),
    payloadType,
    signatures: [{ sig: sig.toString("base64"), keyid: "" }],
  };
  const logEntry = await instance.logEnvelope(
    JSON.stringify(envelope), [Buffer.from(pem(certificate)).toString("base64")], at(logged),
  );
  const [entry] = Object.values(logEntry);
  const proof = entry.verification.inclusionProof;
  const material = {
    certificate: { rawBytes: certificate.toString("base64") },
    tlogEntries: [
      {
        logIndex: `${entry.logIndex}`,
        logId: { keyId: Buffer.from(entry.logID, "hex").toString("base64") },
        kindVersion: { kind: "dsse", version: "0.0.1" },
        integratedTime: `${entry.integratedTime}`,
        inclusionPromise: { signedEntryTimestamp: entry.verification.signedEntryTimestamp },
        inclusionProof: {
          logIndex: `${proof.logIndex}`,
          rootHash: Buffer.from(proof.rootHash, "hex").toString("base64"),
          treeSize: `${proof.treeSize}`,
          hashes: [],
          checkpoint: { envelope: proof.checkpoint },
        },
        canonicalizedBody: entry.body,
      },
    ],
  };
  if (!promise) delete material.tlogEntries[0].inclusionPromise;
  if (stamped !== undefined) {
    const signedTimestamp = (await instance.timestamp(sig, at(stamped))).toString("base64");
    material.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
  }
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: material,
    dsseEnvelope: envelope,
  };
}

async function main() {
  fs.mkdirSync(OUT, { recursive: true });
  for (const old of fs.readdirSync(OUT)) fs.rmSync(path.join(OUT, old));
  const write = (name, value) => fs.writeFileSync(path.join(OUT, name), JSON.stringify(value, null, 1) + "\n");
  const instance = await Instance.create("https://sigstore.example.com");
  const other = await Instance.create("https://sigstore.example.com");
  write("root.json", instance.trustedRoot());
  write("root-other.json", other.trustedRoot());
  const cases = [];
  const add = async (name, verdict, wanted, expected = {}) => {
    write(`${name}.json`, await sign(instance, wanted));
    cases.push({ bundle: `${name}.json`, identity: EMAIL, issuer: ISSUER, verdict, ...expected });
  };
  const seconds = NOW / 1000;
  await add("email", "valid", {}, { signedAt: seconds, by: "log" });
  await add("workflow", "valid", { identity: WORKFLOW }, { identity: WORKFLOW, signedAt: seconds, by: "log" });
  await add("again", "valid", { comment: "Looks good again." }, { signedAt: seconds, by: "log" });
  await add("stamped", "valid", { logged: 60_000, stamped: 0 }, { signedAt: seconds, by: "timestamp authority" });
  await add("stamped-later", "valid", { stamped: 60_000 }, { signedAt: seconds, by: "log" });
  await add("stamped-alone", "valid", { promise: false, stamped: 0 }, { signedAt: seconds, by: "timestamp authority" });
  await add("time-alone", "no time", { promise: false });
  await add("identity-other", "other identity", { identity: "eve@example.com" });
  await add("identity-longer", "other identity", { identity: "dev@example.com.evil.example" });
  await add("identity-prefixed", "other identity", { identity: "a-dev@example.com" });
  await add("identity-as-uri", "other identity", { kind: "url" });
  await add("issuer-other", "other issuer", { issuer: "https://login.evil.example" });
  await add("issuer-longer", "other issuer", { issuer: ISSUER + ".evil.example" });
  await add("logged-late", "outside the certificate", { issued: -HOUR });
  await add("logged-early", "outside the certificate", { issued: HOUR / 2, logged: -HOUR });
  await add("stamped-late", "outside the certificate", { issued: -HOUR, logged: -HOUR, stamped: 0 });
  await add("certificate-unlogged", "certificate", { ctLog: null });
  await add("certificate-logged-elsewhere", "certificate", { ctLog: other.ctLog });
  write("cases.json", { subject: SUBJECT.toString("hex"), cases });
}

main();
