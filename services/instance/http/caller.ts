import type { RequestState } from '../../shared/http/create-koa.ts';

/** Who calls, as the proxy has verified it. */
export interface Caller {
  keyType: 'public' | 'secret';
  scopes: ReadonlySet<string>;
}

export interface InstanceState extends RequestState {
  caller: Caller;
}
