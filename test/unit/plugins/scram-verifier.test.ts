import test from 'ava';
import { scramVerifier } from '../../../toolchain/plugins/postgresql/scram-verifier.ts';

test('the verifier is the one of RFC 7677, section 3', async (t) => {
  // Its example: user "user", password "pencil", this salt, 4096 iterations. The keys were derived with PostgreSQL's own code.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  t.is(
    await scramVerifier('pencil', salt),
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('each verifier has a salt of its own, and a verifier is left as it is', async (t) => {
  const verifier = await scramVerifier('secret');
  t.not(await scramVerifier('secret'), verifier);
  t.is(await scramVerifier(verifier), verifier);
  t.is(await scramVerifier('md5c98cbfeb6a347a47eb8e96cfb4c4b890'), 'md5c98cbfeb6a347a47eb8e96cfb4c4b890');
});
