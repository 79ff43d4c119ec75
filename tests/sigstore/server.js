// Serves a private instance on loopback until its standard input closes.
//
//     node server.js TRUSTED_ROOT    writes the trusted root, then prints the address in one line
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const crypto = require("node:crypto");
const { Instance, pem, x509 } = require("./instance.js");

const LIMIT = 1 << 20;

// The claims of an identity token; a stand-in asks nobody whether they are true.
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

async function fulcio(instance, body) {
  const request = JSON.parse(body);
  const { email, sub, iss, federated_claims: asked } = claims(request.credentials.oidcIdentityToken);
  const text = request.publicKeyRequest
    ? request.publicKeyRequest.publicKey.content
    : new x509.Pkcs10CertificateRequest(
        Buffer.from(request.certificateSigningRequest, "base64").toString(),
      ).publicKey.toString("pem");
  const certificate = await instance.certificate({
    publicKey: crypto.createPublicKey(text),
    identity: email ?? sub,
    issuer: asked?.connector_id ?? iss,
    // Certificates hold whole seconds: one that starts in this second is valid at once.
    at: new Date(Math.floor(Date.now() / 1000) * 1000),
  });
  const certificates = [certificate, instance.ca.rootCertificate].map(pem);
  return JSON.stringify({ signedCertificateEmbeddedSct: { chain: { certificates } } });
}

async function rekor(instance, body, url) {
  const { kind, spec } = JSON.parse(body);
  if (kind !== "dsse") throw new Error(`entries of kind ${kind} are not logged here`);
  const ahead = Number(/^\/ahead\/(\d+)/.exec(url.pathname)?.[1] ?? 0);
  const { envelope, verifiers } = spec.proposedContent;
  return JSON.stringify(await instance.logEnvelope(envelope, verifiers, new Date(Date.now() + 1000 * ahead)));
}

// An OpenID provider whose codes are the tokens themselves, and a CI system that gives the token it is asked with.
const provider = (_, body) => JSON.stringify({ id_token: new URLSearchParams(`${body}`).get("code") });
const ci = (_, __, url) => JSON.stringify({ value: url.searchParams.get("token") });

const ROUTES = {
  "POST /api/v2/signingCert": [fulcio, "application/json"],
  "POST /api/v1/log/entries": [rekor, "application/json"],
  "POST /api/v1/timestamp": [(instance, body) => instance.answerTimestamp(body), "application/timestamp-reply"],
  "POST /provider/token": [provider, "application/json"],
  "GET /ci": [ci, "application/json"],
};

async function serve(instance, request, response) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LIMIT) return response.writeHead(413).end();
    chunks.push(chunk);
  }
  const url = new URL(request.url, "http://host");
  // A log below /ahead/SECONDS has a clock that is that much ahead.
  const path = url.pathname.replace(/^\/ahead\/\d+/, "");
  const [answer, type] = ROUTES[`${request.method} ${path}`] ?? [];
  if (!answer) return response.writeHead(404).end();
  try {
    const body = await answer(instance, Buffer.concat(chunks), url);
    response.writeHead(201, { "content-type": type }).end(body);
  } catch (error) {
    response.writeHead(400, { "content-type": "text/plain" }).end(`${error}`);
  }
}

async function main() {
  const server = http.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  const instance = await Instance.create(url);
  server.on("request", (request, response) => serve(instance, request, response));
  fs.writeFileSync(process.argv[2], JSON.stringify(instance.trustedRoot()));
  console.log(url);
  // Whoever started it holds the other end: it ends with them, however they end.
  process.stdin.on("end", () => process.exit(0)).resume();
}

main();
