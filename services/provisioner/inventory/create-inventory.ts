import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Cluster } from '../cluster/connect-cluster.ts';
import { databasePlace } from './database-place.ts';
import type { Inventory } from './inventory.ts';
import { namespacePlace } from './namespace-place.ts';
import { routePlace } from './route-place.ts';
import { stackPlace } from './stack-place.ts';
import type { StateDatabase } from './state-database.ts';
import { volumePlace } from './volume-place.ts';

export interface InventoryDependencies {
  cluster: Cluster;
  sharedServer: pg.Pool;
  redis: Redis;
  state: StateDatabase;
  namespacePatienceMs: number;
}

/** Everywhere that things of applications are. Pods go before the database that they use, and the stack, which says what there was, last. */
export function createInventory({ cluster, sharedServer, redis, state, namespacePatienceMs }: InventoryDependencies): Inventory {
  return [
    namespacePlace(cluster, { patienceMs: namespacePatienceMs }),
    volumePlace(cluster),
    databasePlace(sharedServer),
    routePlace(redis),
    stackPlace(state),
  ];
}
