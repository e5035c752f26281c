import { refhash } from 'ts-mls/crypto/hash.js';
import { decryptWithLabel, encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret, deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { signWithLabel, verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { decodeGroupContext, type GroupContext } from 'ts-mls/groupContext.js';
import { defaultKeyRetentionConfig } from 'ts-mls/keyRetentionConfig.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from 'ts-mls/secretTree.js';
import { describe, expect, it } from 'vitest';
import { createNodeCipherSuite } from '../../../src/system/adapters/node-cipher-suite.ts';
import { createWebCipherSuite } from '../../../src/system/adapters/web-cipher-suite.ts';
import mls from '../../vectors/mls.json' with { type: 'json' };
import rfc from '../../vectors/rfc.json' with { type: 'json' };

const node = createNodeCipherSuite();
const web = await createWebCipherSuite();

describe.each([
  ['node:crypto', node],
  ['WebCrypto', web],
] as const)('cipher suite 1 on %s gives the known answers', (_, suite) => {
  it('of HKDF (RFC 5869)', async () => {
    const { ikm, salt, info, prk, okm } = rfc.hkdf;
    // HMAC fills a short key up with zeros; @hpke/core wants that done before.
    const filled = bytes(salt.padEnd(64, '0'));
    expect(hex(await suite.kdf.extract(filled, bytes(ikm)))).toBe(prk);
    expect(hex(await suite.kdf.expand(bytes(prk), bytes(info), okm.length / 2))).toBe(okm);
  });

  it.each(rfc.ed25519)('of Ed25519 (RFC 8032) for the message "$message"', async (vector) => {
    const [secret, key, message] = [bytes(vector.secret), bytes(vector.public), bytes(vector.message)];
    expect(hex(await suite.signature.sign(secret, message))).toBe(vector.signature);
    expect(await suite.signature.verify(key, message, bytes(vector.signature))).toBe(true);
    expect(await suite.signature.verify(key, bytes(`${vector.message}00`), bytes(vector.signature))).toBe(false);
  });

  it('of HPKE (RFC 9180)', async () => {
    const { info, ikmR, skRm, pkRm, enc, pt, aad, ct, exports } = rfc.hpke;
    const pair = await suite.hpke.deriveKeyPair(bytes(ikmR));
    expect(hex(await suite.hpke.exportPrivateKey(pair.privateKey))).toBe(skRm);
    expect(hex(await suite.hpke.exportPublicKey(pair.publicKey))).toBe(pkRm);
    const key = await suite.hpke.importPrivateKey(bytes(skRm));
    expect(hex(await suite.hpke.open(key, bytes(enc), bytes(ct), bytes(info), bytes(aad)))).toBe(pt);
    for (const { context, length, value } of exports) {
      expect(hex(await suite.hpke.importSecret(key, bytes(context), bytes(enc), length, bytes(info)))).toBe(value);
    }
  });

  it('of the basics of MLS', async () => {
    const { derive_secret, derive_tree_secret, expand_with_label, ref_hash } = mls.cryptoBasics;
    const { secret, label, out } = derive_secret;
    expect(hex(await deriveSecret(bytes(secret), label, suite.kdf))).toBe(out);
    const tree = derive_tree_secret;
    const derived = deriveTreeSecret(bytes(tree.secret), tree.label, tree.generation, tree.length, suite.kdf);
    expect(hex(await derived)).toBe(tree.out);
    const expand = expand_with_label;
    const context = bytes(expand.context);
    const expanded = expandWithLabel(bytes(expand.secret), expand.label, context, expand.length, suite.kdf);
    expect(hex(await expanded)).toBe(expand.out);
    expect(hex(await refhash(ref_hash.label, bytes(ref_hash.value), suite.hash))).toBe(ref_hash.out);
  });

  it('of signing and sealing in MLS', async () => {
    const { sign_with_label: signed, encrypt_with_label: sealed } = mls.cryptoBasics;
    const content = bytes(signed.content);
    expect(hex(await signWithLabel(bytes(signed.priv), signed.label, content, suite.signature))).toBe(signed.signature);
    const signature = bytes(signed.signature);
    expect(await verifyWithLabel(bytes(signed.pub), signed.label, content, signature, suite.signature)).toBe(true);
    const key = await suite.hpke.importPrivateKey(bytes(sealed.priv));
    const [context, kem, ciphertext] = [bytes(sealed.context), bytes(sealed.kem_output), bytes(sealed.ciphertext)];
    const opened = decryptWithLabel(key, sealed.label, context, kem, ciphertext, suite.hpke);
    expect(hex(await opened)).toBe(sealed.plaintext);
    const to = await suite.hpke.importPublicKey(bytes(sealed.pub));
    const again = await encryptWithLabel(to, sealed.label, context, bytes(sealed.plaintext), suite.hpke);
    const back = decryptWithLabel(key, sealed.label, context, again.enc, again.ct, suite.hpke);
    expect(hex(await back)).toBe(sealed.plaintext);
  });

  it('of the key schedule of MLS', async () => {
    const known = mls.keySchedule;
    const context = decodeGroupContext(bytes(known.group_context), 0)![0];
    const [init, commit, psk] = [bytes(known.initial_init_secret), bytes(known.commit_secret), bytes(known.psk_secret)];
    const { joinerSecret, welcomeSecret, encryptionSecret, keySchedule } = await initializeEpoch(
      init,
      commit,
      context,
      psk,
      suite.kdf,
    );
    const derived = {
      joiner_secret: joinerSecret,
      welcome_secret: welcomeSecret,
      encryption_secret: encryptionSecret,
      init_secret: keySchedule.initSecret,
      sender_data_secret: keySchedule.senderDataSecret,
      exporter_secret: keySchedule.exporterSecret,
      epoch_authenticator: keySchedule.epochAuthenticator,
      external_secret: keySchedule.externalSecret,
      confirmation_key: keySchedule.confirmationKey,
      membership_key: keySchedule.membershipKey,
      resumption_psk: keySchedule.resumptionPsk,
    };
    expect(known).toMatchObject(Object.fromEntries(Object.entries(derived).map(([name, key]) => [name, hex(key)])));
    const external = await suite.hpke.deriveKeyPair(keySchedule.externalSecret);
    expect(hex(await suite.hpke.exportPublicKey(external.publicKey))).toBe(known.external_pub);
  });

  it('of the ratchets of MLS', async () => {
    const { n_leaves, encryption_secret, leaves } = mls.secretTree;
    const tree = await createSecretTree(n_leaves, bytes(encryption_secret), suite.kdf);
    for (const [index, { generation, application_key, application_nonce }] of leaves.entries()) {
      const start = tree[index * 2]!.application;
      const [ratchet] = await ratchetUntil(start, generation, defaultKeyRetentionConfig, suite.kdf);
      expect(hex(await deriveKey(ratchet.secret, generation, suite))).toBe(application_key);
      expect(hex(await deriveNonce(ratchet.secret, generation, suite))).toBe(application_nonce);
    }
  });

  it('of protected messages of MLS', async () => {
    const known = mls.messageProtection;
    const context: GroupContext = {
      version: 'mls10',
      cipherSuite: suite.name,
      groupId: bytes(known.group_id),
      epoch: BigInt(known.epoch),
      treeHash: bytes(known.tree_hash),
      confirmedTranscriptHash: bytes(known.confirmed_transcript_hash),
      extensions: [],
    };
    const message = decodeMlsMessage(bytes(known.application_priv), 0)![0];
    if (message.wireformat !== 'mls_private_message') throw new Error('The vector is no private message.');
    const { content } = await unprotectPrivateMessage(
      bytes(known.sender_data_secret),
      message.privateMessage,
      await createSecretTree(2, bytes(known.encryption_secret), suite.kdf),
      leafless,
      context,
      defaultKeyRetentionConfig,
      suite,
      bytes(known.signature_pub),
    );
    expect(content.content).toMatchObject({ contentType: 'application', sender: { leafIndex: 1 } });
    expect('applicationData' in content.content && hex(content.content.applicationData)).toBe(known.application);

    const commit = decodeMlsMessage(bytes(known.commit_pub), 0)![0];
    if (commit.wireformat !== 'mls_public_message') throw new Error('The vector is no public message.');
    const key = bytes(known.signature_pub);
    const opened = unprotectPublicMessage(
      bytes(known.membership_key),
      context,
      leafless,
      commit.publicMessage,
      suite,
      key,
    );
    await expect(opened).resolves.toMatchObject({ content: { contentType: 'commit' } });
  });
});

describe('the two providers', () => {
  it('open what the other sealed, with the other’s keys', async () => {
    for (const [one, other] of [
      [node, web],
      [web, node],
    ] as const) {
      const pair = await one.hpke.generateKeyPair();
      const to = await other.hpke.importPublicKey(await one.hpke.exportPublicKey(pair.publicKey));
      const { enc, ct } = await other.hpke.seal(to, bytes('c0ffee'), bytes('01'), bytes('02'));
      expect(hex(await one.hpke.open(pair.privateKey, enc, ct, bytes('01'), bytes('02')))).toBe('c0ffee');
      const moved = await other.hpke.importPrivateKey(await one.hpke.exportPrivateKey(pair.privateKey));
      expect(hex(await other.hpke.open(moved, enc, ct, bytes('01'), bytes('02')))).toBe('c0ffee');
      const { publicKey, signKey } = await one.signature.keygen();
      expect([publicKey.length, signKey.length]).toEqual([32, 32]);
      const signature = await other.signature.sign(signKey, bytes('abcd'));
      expect(await one.signature.verify(publicKey, bytes('abcd'), signature)).toBe(true);
    }
  });

  it('agree on MACs and refuse wrong ones, also of a wrong length', async () => {
    const [key, data] = [bytes('00'.repeat(100)), bytes('aa')];
    const mac = await node.hash.mac(key, data);
    expect(hex(await web.hash.mac(key, data))).toBe(hex(mac));
    for (const suite of [node, web]) {
      expect(await suite.hash.verifyMac(key, mac, data)).toBe(true);
      expect(await suite.hash.verifyMac(key, mac.slice(1), data)).toBe(false);
      expect(await suite.hash.verifyMac(key, mac, bytes('ab'))).toBe(false);
    }
  });

  it('refuse a public key that gives everybody the same secret', async () => {
    for (const suite of [node, web]) {
      const attempt = async () =>
        suite.hpke.seal(await suite.hpke.importPublicKey(new Uint8Array(32)), bytes('00'), bytes(''));
      await expect(attempt()).rejects.toThrow();
    }
  });

  it('refuse ciphertexts and keys that are too short', async () => {
    const key = new Uint8Array(16);
    await expect(node.hpke.decryptAead(key, new Uint8Array(12), undefined, new Uint8Array(15))).rejects.toThrow(/16/);
    await expect(node.hpke.importPublicKey(new Uint8Array(31))).rejects.toThrow(/32 bytes/);
    await expect(node.kdf.expand(key, key, 255 * 32 + 1)).rejects.toThrow(/8160/);
  });
});

// ---

/** The vectors give the signer’s key themselves; the tree need only have a leaf where the sender stands. */
const leafless = [] as RatchetTree;

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
