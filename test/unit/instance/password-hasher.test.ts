import test from 'ava';
import { hashPassword } from 'better-auth/crypto';
import { createPasswordHasher, defaultPasswordHashCost, isKnownPasswordHash } from '../../../services/instance/auth/password-hasher.ts';

const verifyBcrypt = (): Promise<boolean> => Promise.resolve(false);
const hasherOf = (cost: number) => createPasswordHasher({ cost, verifyBcrypt });
const cheap = hasherOf(10);

test("the default is one of OWASP's choices for scrypt", async (t) => {
  t.regex(await hasherOf(defaultPasswordHashCost).hash('correct horse'), /^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
});

test('a password verifies by its hash, another does not, and two hashes of one password differ', async (t) => {
  const hash = await cheap.hash('correct horse');
  t.true(await cheap.verify({ hash, password: 'correct horse' }));
  t.false(await cheap.verify({ hash, password: 'correct horsf' }));
  t.not(await cheap.hash('correct horse'), hash);
});

test('a hash of another cost verifies, and is not current', async (t) => {
  const hash = await cheap.hash('correct horse');
  const dearer = hasherOf(11);
  t.true(await dearer.verify({ hash, password: 'correct horse' }));
  t.true(cheap.isCurrent(hash));
  t.false(dearer.isCurrent(hash));
});

test("better-auth's own hash verifies, and is not current", async (t) => {
  const hash = await hashPassword('correct horse');
  t.true(await cheap.verify({ hash, password: 'correct horse' }));
  t.false(await cheap.verify({ hash, password: 'wrong' }));
  t.false(cheap.isCurrent(hash));
});

test('the same password in another Unicode form verifies', async (t) => {
  const hash = await cheap.hash('Zoë ①');
  t.true(await cheap.verify({ hash, password: 'Zoe\u0308 1' }));
});

for (const hash of [
  '',
  'plain',
  '$scrypt$',
  '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '$scrypt$ln=99,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  `${'a'.repeat(32)}:${'g'.repeat(128)}`,
]) {
  test(`"${hash.slice(0, 30)}" is no hash, and no password verifies by it`, async (t) => {
    t.false(isKnownPasswordHash(hash));
    t.false(await cheap.verify({ hash, password: '' }));
    t.false(cheap.isCurrent(hash));
  });
}
