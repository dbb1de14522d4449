import test from 'ava';
import type { PlannedResource } from '../../../../cli/preview/planned-resource.ts';
import { createReport } from '../../../../cli/preview/preview-report.ts';
import { renderComment } from '../../../../cli/preview/render-comment.ts';
import { renderReport } from '../../../../cli/preview/render-report.ts';
import { planned } from './planned.ts';

const report = (...plan: PlannedResource[]) =>
  createReport({ profile: 'production', baseline: { kind: 'base', name: 'main' }, elapsedSeconds: 3, plan, allowedNames: [] });
const update = (type: string, path: string, before: object, after: object): PlannedResource =>
  planned(type, 'it', { op: 'update', fields: [{ path, replaces: false }], before: { ...before }, after: { ...after } });

test('a change shows its fields, and a refusal how to allow it', (t) => {
  const field = 'spec.resources[0].size';
  const [before, after] = [{ spec: { resources: [{ size: '2Gi' }] } }, { spec: { resources: [{ size: '3Gi' }] } }];
  const replaced = planned('kubernetes:core/v1:PersistentVolumeClaim', 'redis', {
    op: 'replace',
    fields: [{ path: field, replaces: true }],
    before,
    after,
  });
  const text = renderReport(report(replaced, planned('x:y:Z', 'same', { op: 'same' }))).join('\n');
  t.regex(text, /± replace PersistentVolumeClaim\/redis\n {4}spec.resources\[0\].size: "2Gi" → "3Gi" {2}\(replaces\)/);
  t.regex(text, /1 to replace, 1 as they are/);
  t.regex(text, /--allow-replace PersistentVolumeClaim\/redis/);
});

test('no secret is shown: neither what Pulumi marks, nor what a Secret holds, nor a password in a URL', (t) => {
  const shown = [
    update('kubernetes:core/v1:Secret', 'stringData.key', { stringData: { key: 'hunter1' } }, { stringData: { key: 'hunter2' } }),
    update('kubernetes:core/v1:Secret', 'data["a.b"]', {}, { data: { 'a.b': 'aHVudGVyMg==' } }),
    update('kubernetes:core/v1:ConfigMap', 'data', { data: { url: 'redis://:hunter1@h' } }, { data: { url: 'redis://:hunter2@h' } }),
    update('kubernetes:core/v1:ServiceAccount', 'spec.x', { spec: { x: '[secret]' } }, { spec: { x: '[not known yet]' } }),
  ].map((resource) => report(resource));
  for (const one of shown) t.notRegex(`${renderComment(one)}${renderReport(one).join()}${JSON.stringify(one)}`, /hunter|aHVudGVy/);
  t.regex(renderComment(shown[3] ?? report()), /\[secret\] → \[not known yet\]/);
});

test('a comment stays below what three of them may have, however much changes', (t) => {
  const many = Array.from({ length: 3_000 }, (_, index) =>
    planned('kubernetes:core/v1:Namespace', `namespace-${index}`, { op: 'delete', before: { metadata: { name: 'x'.repeat(400) } } }),
  );
  const comment = renderComment(report(...many));
  t.true(comment.length < 21_000);
  t.regex(comment, /and \d+ more/);
  t.regex(comment, /<\/details>/);
});

test('names and values cannot leave the place that they are shown in', (t) => {
  const evil = '```\n</details> @everyone <img src=x>';
  const comment = renderComment(report(update('kubernetes:core/v1:ConfigMap', 'data.x', {}, { data: { x: evil } })));
  t.is(comment.match(/```/g)?.length, 2);
  t.is(comment.match(/^<\/details>/gm)?.length, 1);
});
