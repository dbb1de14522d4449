import { execFile } from 'node:child_process';
import type { RecordedResource } from '../../unit/platform/record-platform.ts';
import { secretValue } from '../../unit/platform/record-platform.ts';
import { scoreExceptions } from './score-exceptions.ts';

/** One finding of kube-score, about an object such as `StatefulSet/redis`. */
interface Finding {
  object: string;
  check: string;
  container: string;
  summary: string;
}

const timeoutMs = 60_000;

interface Report {
  type_meta: { kind: string };
  object_meta: { name: string };
  checks: { check: { id: string }; grade: number; skipped: boolean; comments: { path: string; summary: string }[] | null }[];
}

/** Below it kube-score speaks of a warning or of something critical. */
const fullGrade = 10;

/**
 * Lets kube-score (KUBE_SCORE_BIN, or on PATH) judge objects as they are given to the API server.
 *
 * @returns the findings without an exception
 */
export async function scoreObjects(objects: readonly unknown[]): Promise<string[]> {
  const reports = JSON.parse(await kubeScore(objects.map((object) => JSON.stringify(object)).join('\n---\n'))) as Report[];
  const findings = reports.flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade < fullGrade)
      .flatMap(({ check, comments }) =>
        (comments ?? []).map(({ path, summary }): Finding => ({ object: `${kind}/${name}`, check: check.id, container: path, summary })),
      ),
  );
  return findings
    .filter((finding) => !isExcepted(finding))
    .map(({ object, check, container, summary }) => `${object}: ${check} (${container}): ${summary}`);
}

function isExcepted({ check, object }: Finding): boolean {
  return scoreExceptions.some((exception) => exception.check === check && (exception.objects === 'all' || exception.objects.test(object)));
}

/** The Kubernetes objects of a recorded stack, with secrets opened, and in the namespace they are in. */
export function kubernetesObjects(resources: readonly RecordedResource[]): unknown[] {
  return resources.filter(({ type }) => type.startsWith('kubernetes:')).map(({ inputs }) => secretValue(inputs));
}

function kubeScore(input: string): Promise<string> {
  const program = process.env['KUBE_SCORE_BIN'] ?? 'kube-score';
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      ['score', '--output-format=json', '-'],
      { timeout: timeoutMs, maxBuffer: 64 * 1_024 * 1_024 },
      (error, stdout, stderr) => {
        // It ends with 1 where it has found something.
        if (error !== null && error.code !== 1) reject(new Error(`kube-score: ${stderr || error.message}`, { cause: error }));
        else resolve(stdout);
      },
    );
    child.stdin?.end(input);
  });
}
