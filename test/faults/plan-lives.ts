import { seededRandom, shuffled } from './seeded-random.ts';

/** What is killed. The first three are processes of the one operation; the others serve every application. */
export const faultNames = [
  'child',
  'pulumi',
  'plugin',
  'worker',
  'postgres',
  'tenants-postgres',
  'nats',
  'redis',
  'kube-apiserver',
] as const;
export type FaultName = (typeof faultNames)[number];

/** What is under way meanwhile, in the order of an application's life. */
export const operationNames = ['provision', 'update', 'delete'] as const;
export type OperationName = (typeof operationNames)[number];

export interface PlannedFault {
  fault: FaultName;
  /** From the acceptance of the request until the kill. */
  delayMs: number;
}

/** One application from its creation to its permanent deletion, with a fault in some of its operations. */
export interface PlannedLife {
  /** From 1; the same life of the same seed is always the same. */
  number: number;
  faults: Partial<Record<OperationName, PlannedFault>>;
}

export interface PlanRequest {
  seed: number;
  /** Times that each fault meets each operation. */
  runs: number;
  /** Only these; all unless said. */
  faults?: readonly FaultName[];
  operations?: readonly OperationName[];
  /** Only the life of this number. */
  life?: number | undefined;
}

/** A little less than an undisturbed operation takes: the kill meets it, early or late. */
const spansMs: Record<OperationName, number> = { provision: 4_500, update: 3_000, delete: 5_000 };

/**
 * Every fault in every operation, each combination `runs` times: the lives of a round are a Latin square, so that no fault meets the same
 * application twice. A narrower choice of faults or operations leaves the lives as they are, and only the others' faults out.
 */
export function planLives({ seed, runs, faults = faultNames, operations = operationNames, life }: PlanRequest): PlannedLife[] {
  const lives: PlannedLife[] = [];
  for (let run = 0; run < runs; run += 1) {
    const order = shuffled(faultNames, seededRandom(seed, 'order', run));
    for (let first = 0; first < order.length; first += 1) {
      const number = lives.length + 1;
      lives.push({ number, faults: faultsOf((index) => order[(first + index) % order.length] as FaultName, seed, number) });
    }
  }
  return lives
    .map((planned) => ({ ...planned, faults: pick(planned.faults, faults, operations) }))
    .filter((planned) => Object.keys(planned.faults).length > 0 && (life === undefined || planned.number === life));
}

/** Every fault once, each in one operation: three lives that have no fault in common. */
export function planEachFaultOnce(seed: number): PlannedLife[] {
  const order = shuffled(faultNames, seededRandom(seed, 'once'));
  return Array.from({ length: order.length / operationNames.length }, (_, index) => ({
    number: index + 1,
    faults: faultsOf((operation) => order[index * operationNames.length + operation] as FaultName, seed, index + 1),
  }));
}

function faultsOf(choose: (operationIndex: number) => FaultName, seed: number, number: number): PlannedLife['faults'] {
  return Object.fromEntries(
    operationNames.map((operation, index) => {
      const fault = choose(index);
      const delayMs = Math.floor(seededRandom(seed, 'delay', number, operation, fault)() * spansMs[operation]);
      return [operation, { fault, delayMs }];
    }),
  );
}

function pick(planned: PlannedLife['faults'], faults: readonly FaultName[], operations: readonly OperationName[]): PlannedLife['faults'] {
  return Object.fromEntries(
    operationNames.flatMap((operation) => {
      const fault = planned[operation];
      return fault !== undefined && operations.includes(operation) && faults.includes(fault.fault) ? [[operation, fault]] : [];
    }),
  );
}
