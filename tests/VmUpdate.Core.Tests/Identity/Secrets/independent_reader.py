#!/usr/bin/python3
"""Opens the secrets of a Windows from its hives, and prints their SHA-256 as JSON. A judge: shares no code with what it judges.

usage: independent_reader.py SYSTEM SECURITY [--key FILE]... [--blob FILE[@OFFSET]]...

apt: python3-hivex python3-libregf python3-pycryptodome
"secrets": name -> {CurrVal, OldVal} -> SHA-256 of the plain secret; null when it does not open.
"keys":    master key file's name -> part of DPAPI_SYSTEM, SHA-256 of the master key and of the backup key.
"blobs":   path -> id of the master key it opens with, SHA-256 of the plain text.
"""
import hashlib, hmac, json, struct, sys, uuid
import hivex, pyregf
from Cryptodome.Cipher import AES, DES3

def digest(b): return None if b is None else hashlib.sha256(b).hexdigest()

class Security:
    def __init__(self, system, security):
        self.hive = hivex.Hivex(security)
        regf = pyregf.file(); regf.open(system)
        now = struct.unpack('<I', regf.get_key_by_path('\\Select').get_value_by_name('Current').data)[0]
        text = ''.join(regf.get_key_by_path('\\ControlSet%03d\\Control\\Lsa\\%s' % (now, k)).class_name for k in ('JD', 'Skew1', 'GBG', 'Data'))
        mixed = bytes.fromhex(text)
        boot = bytes(mixed[i] for i in (8, 5, 4, 2, 11, 9, 13, 3, 0, 6, 1, 12, 14, 10, 15, 7))
        self.lsa = None
        listed = self.open(boot, self.default('Policy', 'PolEKList'))
        if listed: self.lsa = listed[52:84]

    def node(self, *names):
        n = self.hive.root()
        for name in names:
            n = next((c for c in self.hive.node_children(n) if self.hive.node_name(c).lower() == name.lower()), None)
            if n is None: return None
        return n

    def default(self, *names):
        n = self.node(*names)
        for v in self.hive.node_values(n) if n is not None else ():
            if self.hive.value_key(v) == '': return self.hive.value_value(v)[1]

    def open(self, key, record):
        if record is None: return None
        if not record: return b''
        h = hashlib.sha256(key)
        for _ in range(1000): h.update(record[28:60])
        plain = AES.new(h.digest(), AES.MODE_ECB).decrypt(record[60:])
        n = struct.unpack_from('<I', plain)[0]
        return plain[16:16 + n] if n <= len(plain) - 16 else None

    def secret(self, name, part): return self.open(self.lsa, self.default('Policy', 'Secrets', name, part))
    def names(self): return [self.hive.node_name(c) for c in self.hive.node_children(self.node('Policy', 'Secrets'))]

def section(data, secret):
    version, salt, rounds, hash_id, cipher_id = struct.unpack_from('<I16sIII', data)
    assert version == 2
    name = {0x800E: 'sha512', 0x8009: 'sha1', 0x8004: 'sha1'}[hash_id]
    prf = lambda k, m: hmac.new(k, m, name).digest()
    size, klen, block = hashlib.new(name).digest_size, {0x6610: 32, 0x6603: 24}[cipher_id], {0x6610: 16, 0x6603: 8}[cipher_id]
    material, i = b'', 1
    while len(material) < klen + block:
        acc = bytearray(prf(secret, salt + struct.pack('>I', i)))
        for _ in range(rounds - 1):
            for j, b in enumerate(prf(secret, bytes(acc))): acc[j] ^= b
        material += bytes(acc); i += 1
    key, iv = material[:klen], material[klen:klen + block]
    c = AES.new(key, AES.MODE_CBC, iv) if cipher_id == 0x6610 else DES3.new(key, DES3.MODE_CBC, iv)
    plain = c.decrypt(data[32:])
    at = -(-(16 + size) // block) * block
    return plain[at:] if prf(prf(secret, plain[:16]), plain[at:]) == plain[16:16 + size] else None

def master_key(path, parts):
    d = open(path, 'rb').read(); guid = d[12:84].decode('utf-16le'); lens = struct.unpack_from('<4Q', d, 96)
    for part, secret in parts.items():
        key = section(d[128:128 + lens[0]], secret)
        if key: return guid, {'part': part, 'master_sha256': digest(key), 'backup_sha256': digest(section(d[128 + lens[0]:128 + lens[0] + lens[1]], secret)), 'rest_sha256': digest(d[128 + lens[0] + lens[1]:])}, key
    return guid, None, None

def blob(path, keys):
    path, _, at = path.partition('@'); d = open(path, 'rb').read()[int(at or 0):]
    o = 20; o += 4; guid = str(uuid.UUID(bytes_le=d[o:o + 16])); o += 16 + 4
    n = struct.unpack_from('<I', d, o)[0]; o += 4 + n + 8
    def field(o): n = struct.unpack_from('<I', d, o)[0]; return d[o + 4:o + 4 + n], o + 4 + n
    salt, o = field(o); _, o = field(o); o += 8; mac_salt, o = field(o); text, o = field(o); signed = d[20:o]; sign, o = field(o)
    if guid not in keys: return {'master_key': guid, 'plain_sha256': None}
    k = hashlib.sha1(keys[guid]).digest(); m = lambda k, x: hmac.new(k, x, 'sha512').digest()
    if m(k, mac_salt + signed) != sign: return {'master_key': guid, 'plain_sha256': None}
    plain = AES.new(m(k, salt)[:32], AES.MODE_CBC, bytes(16)).decrypt(text)
    return {'master_key': guid, 'plain_sha256': digest(plain[:-plain[-1]])}

def main(argv):
    s = Security(argv[0], argv[1]); out = {'secrets': {n: {p: digest(s.secret(n, p)) for p in ('CurrVal', 'OldVal')} for n in s.names()}, 'keys': {}, 'blobs': {}}
    system = s.secret('DPAPI_SYSTEM', 'CurrVal'); parts = {'machine': system[4:24], 'user': system[24:44]} if system else {}
    keys, rest = {}, argv[2:]
    while rest:
        what, path, rest = rest[0], rest[1], rest[2:]
        if what == '--key':
            guid, facts, key = master_key(path, parts); out['keys'][guid] = facts
            if key: keys[guid] = key
        else: out['blobs'][path] = blob(path, keys)
    json.dump(out, sys.stdout)

if __name__ == '__main__':
    if len(sys.argv) < 3: sys.exit(__doc__)
    main(sys.argv[1:])
