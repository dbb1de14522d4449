import { readFile } from 'node:fs/promises';
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { alertGroups, alertRules } from '../../../../platform/observability/alerts/alert-rules.ts';

const alerts = alertGroups.flatMap((group) => group.alerts);
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ alert: z.string().optional(), for: z.string().optional(), annotations: z.record(z.string(), z.string()).optional() }),
      ),
    }),
  ),
});

function rendered(impatient: boolean) {
  const { groups } = rulesSchema.parse(parse(alertRules({ runbookUrl: 'https://example.com/runbook', impatient })));
  return groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
}

test('each alert has a name of its own, and says what it means', (t) => {
  t.is(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  for (const { alert, summary, description } of alerts) t.true(summary.length > 10 && description.length > 10, alert);
});

test('each alert links to its section of the runbook, and the runbook has no other', async (t) => {
  const runbook = await readFile(new URL('../../../../docs/runbook.md', import.meta.url), 'utf8');
  const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, title]) => title);
  t.deepEqual(sections.toSorted(), alerts.map(({ alert }) => alert).toSorted());
  for (const { alert, annotations } of rendered(false))
    t.is(annotations?.['runbook_url'], `https://example.com/runbook#${alert?.toLowerCase()}`);
});

test('on a platform that somebody sits in front of, every alert fires within seconds', (t) => {
  const seconds = rendered(true).map((rule) => Number.parseInt(rule.for ?? '0', 10));
  t.true(Math.max(...seconds) <= 15);
  t.true(Math.max(...rendered(false).map((rule) => Number.parseInt(rule.for ?? '0', 10))) > 600);
});
