import test from 'ava';
import { createUpstreamAgents } from '../../../proxy/upstream/upstream-agents.ts';

test('an instance gets at most 128 connections, of which 16 are kept, and no application has another one’s', (t) => {
  const agents = createUpstreamAgents();
  t.teardown(() => agents.close());
  const { agent } = agents.get('app_one111', 'http://instance');
  t.like(agent, { maxSockets: 128, maxFreeSockets: 16 });
  t.is(agents.get('app_one111', 'http://instance').agent, agent);
  t.not(agents.get('app_two222', 'http://instance').agent, agent);
});
