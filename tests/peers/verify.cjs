// Sigstore's JavaScript libraries on one bundle: node verify.cjs BUNDLE KEY.pem. Ends with 1 where they refuse it.
"use strict";
const { createPublicKey } = require("crypto");
const { readFileSync } = require("fs");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [bundle, pem] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const key = createPublicKey(pem);
const find = () => ({ publicKey: key, validFor: () => true });
const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const verifier = new Verifier(toTrustMaterial(none, find), { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 });
try {
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle))));
} catch (error) {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exit(1);
}
