import { performance } from 'node:perf_hooks';
import test from 'ava';
import { createPasswordHasher, isKnownPasswordHash } from '../../../services/instance/auth/password-hasher.ts';

const hasher = createPasswordHasher({ cost: 10, verifyBcrypt: () => Promise.resolve(true) });
const ours = 'correct horse battery';

/** Made by other programs: Python's hashlib, the reference code of Argon2 and of Firebase's scrypt. */
const made: [name: string, hash: string, password?: string][] = [
  ['argon2id (reference)', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'password'],
  ['argon2i (reference)', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA', 'password'],
  ['argon2id (Django)', 'argon2$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'password'],
  ['PBKDF2 (Django)', 'pbkdf2_sha256$2000$seasalt2$wcSZolrEMZG4jNVdGjqXoLKFGOLsQzh7EYiF8JwycMw='],
  ['PBKDF2 with SHA-1 (Django)', 'pbkdf2_sha1$2000$seasalt2$eRlzVMCGnF37eLvedESb61dDewE='],
  ['PBKDF2 (Werkzeug)', 'pbkdf2:sha256:2000$seasalt2$c1c499a25ac43191b88cd55d1a3a97a0b28518e2ec43387b118885f09c3270cc'],
  [
    'scrypt (Werkzeug)',
    'scrypt:32768:8:1$seasalt2$d34d93712bebe6a69a6b43d255eef728c811d66ac24f7b85e6ce2dfac104486e049e8435fc2948516bf31a7843a58effb424b8e2950eae751833c67ed92b28d6',
  ],
  ['PBKDF2 (passlib)', '$pbkdf2-sha256$2000$....MDEyMzQ1Njc4OWFiY2Q$sEjmOdIx41MIYIyfKU23BtGujuLdjKOyoVbabMetlAk'],
  ['PBKDF2 with SHA-1 (passlib)', '$pbkdf2$2000$MDEyMzQ1Njc4OWFiY2RlZg$6xtA0Gw8DJNvji3D9pZsRfoAS5o'],
  [
    'PBKDF2 with SHA-512 (PHC)',
    '$pbkdf2-sha512$i=2000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$EuHAylGqLCL6G0GjJ3b+fNhY5xhmwILweFXAgoZj8pPoNPNjB9OapIe/eite/Au+dxtsaajBN8e2ZpA2k0xYjg',
  ],
  [
    'PBKDF2 (Keycloak, as PHC)',
    '$pbkdf2-sha256$i=27500,l=64$MDEyMzQ1Njc4OWFiY2RlZg==$b6d8nI3jKQfQGxSmGfyG42OTSAtX2ZrYDIO7bZ7DTd1/m0agNh4p1Yeee/P/G5jREBzGqIWAgWhqA4IpVJ9OCg==',
  ],
  [
    'Firebase scrypt',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    'user1password',
  ],
  ['ASP.NET Identity 2', 'AAABAgMEBQYHCAkKCwwNDg/Kv5tkqQSdO0Z/d/XxWNczkIjFP2C3aR/Oyg84EdRL9A=='],
  ['ASP.NET Identity 3 with SHA-1', 'AQAAAAAAACcQAAAAEAABAgMEBQYHCAkKCwwNDg/QzBnOTDo/9gjMOJRu25IYIIdiSQPvpGBVdlDheGRV2g=='],
  ['ASP.NET Identity 3 with SHA-256', 'AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg9f4Mgt5W5f2Y0cIC8QN4OVqq4JhRMPut2SRld2wLKX9A=='],
  ['ASP.NET Identity 3 with SHA-512', 'AQAAAAIAACcQAAAAEAABAgMEBQYHCAkKCwwNDg8U8drjdPqxc6DvEJUjB5QdCuZY9lUseegCn45BARsIcA=='],
];

for (const [name, hash, password = ours] of made) {
  test(`a hash of ${name} verifies the right password and no other, and is renewed`, async (t) => {
    t.true(isKnownPasswordHash(hash));
    t.true(await hasher.verify({ hash, password }));
    t.false(await hasher.verify({ hash, password: `${password} ` }));
    t.true(hasher.isRenewable(hash, password));
  });
}

const [salt, key] = ['c29tZXNhbHQ', 'A'.repeat(43)];
for (const [name, hash] of [
  ['argon2 of 1 GiB', `$argon2id$v=19$m=1048576,t=1,p=1$${salt}$${key}`],
  ['argon2 of too many passes', `$argon2id$v=19$m=65536,t=99,p=1$${salt}$${key}`],
  ['argon2 of less memory than it needs', `$argon2id$v=19$m=8,t=1,p=16$${salt}$${key}`],
  ['argon2 of an older version', `$argon2id$v=16$m=65536,t=2,p=1$${salt}$${key}`],
  ['argon2 with a short salt', `$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAA$${key}`],
  ['PBKDF2 of nine million rounds', `pbkdf2_sha256$9000000$seasalt2$${key}=`],
  ['PBKDF2 of one round', `pbkdf2_sha256$1$seasalt2$${key}=`],
  [
    'ASP.NET of four billion rounds',
    Buffer.concat([Buffer.from('0100000001ffffffff00000010', 'hex'), Buffer.alloc(48)]).toString('base64'),
  ],
  ['ASP.NET of an unknown digest', Buffer.concat([Buffer.from('0100000009000027100000001', 'hex'), Buffer.alloc(48)]).toString('base64')],
  [
    'ASP.NET with a salt longer than itself',
    Buffer.concat([Buffer.from('010000000100002710ffffffff', 'hex'), Buffer.alloc(48)]).toString('base64'),
  ],
  ['Firebase of 1 GiB', `$fbscrypt$v=1,n=20,r=8,p=1,ss=Bw==,sk=${'A'.repeat(86)}==$42xEC+ixf3L2lw==$${'A'.repeat(86)}==`],
  ['scrypt whose N is no power of two', `scrypt:30000:8:1$seasalt2$${'a'.repeat(128)}`],
] as const) {
  test(`a hash of ${name} is not taken`, async (t) => {
    t.false(isKnownPasswordHash(hash));
    t.false(await hasher.verify({ hash, password: ours }));
  });
}

test('hashes are computed elsewhere: this thread goes on in the meantime', async (t) => {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  t.teardown(() => clearInterval(timer));
  const startedAt = performance.now();
  await Promise.all(made.map(([, hash, password = ours]) => hasher.verify({ hash, password })));
  t.true(ticks > (performance.now() - startedAt) / 50);
});

for (const [name, password, isRenewed] of [
  ['72 bytes', 'a'.repeat(72), true],
  ['73 bytes', 'a'.repeat(73), false],
  ['25 letters of three bytes', '日'.repeat(25), false],
  ['a zero', 'abc\0def', false],
] as const) {
  test(`a bcrypt hash is ${isRenewed ? '' : 'not '}renewed from a password of ${name}`, (t) => {
    t.is(hasher.isRenewable(`$2b$10$${'a'.repeat(53)}`, password), isRenewed);
  });
}
