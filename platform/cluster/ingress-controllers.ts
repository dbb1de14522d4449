export const ingressControllers = ['traefik', 'haproxy', 'nginx', 'alb', 'other'] as const;

export type IngressController = (typeof ingressControllers)[number];

/** What an Ingress can't say by itself, and each controller reads from annotations. */
interface ControllerAnnotations {
  /** HTTPS alone: what comes by HTTP is sent there or not answered. */
  base: Record<string, string>;
  /** Who may connect; Traefik has an object for it, `other` none that is known here. */
  allow: ((cidrs: readonly string[]) => Record<string, string>) | 'by middleware' | undefined;
}

const annotations: Record<IngressController, ControllerAnnotations> = {
  traefik: {
    base: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure', 'traefik.ingress.kubernetes.io/router.tls': 'true' },
    allow: 'by middleware',
  },
  haproxy: {
    base: { 'haproxy.org/ssl-redirect': 'true' },
    allow: (cidrs) => ({ 'haproxy.org/allow-list': cidrs.join(',') }),
  },
  nginx: {
    base: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'true' },
    allow: (cidrs) => ({ 'nginx.ingress.kubernetes.io/whitelist-source-range': cidrs.join(',') }),
  },
  alb: {
    base: {
      'alb.ingress.kubernetes.io/scheme': 'internet-facing',
      'alb.ingress.kubernetes.io/target-type': 'ip',
      'alb.ingress.kubernetes.io/listen-ports': '[{"HTTPS":443}]',
      'alb.ingress.kubernetes.io/healthcheck-path': '/health',
    },
    allow: (cidrs) => ({ 'alb.ingress.kubernetes.io/inbound-cidrs': cidrs.join(',') }),
  },
  other: { base: {}, allow: undefined },
};

/** Whether an Ingress of this controller can say from where connections may come. */
export function canLimitSources(controller: IngressController): boolean {
  return annotations[controller].allow !== undefined;
}

/** Whether the controller reads the limit from an object of its own instead of from an annotation. */
export function limitsByMiddleware(controller: IngressController): boolean {
  return annotations[controller].allow === 'by middleware';
}

export interface ControllerAnnotationsArgs {
  controller: IngressController;
  namespace: string;
  /** Undefined: from anywhere. */
  allowedCidrs: readonly string[] | undefined;
  /** Of the Traefik object. */
  middleware: string;
}

/** @throws Error where the controller can't limit sources, and is asked to: a front door that should be narrow is never made wide */
export function controllerAnnotations({
  controller,
  namespace,
  allowedCidrs,
  middleware,
}: ControllerAnnotationsArgs): Record<string, string> {
  const { base, allow } = annotations[controller];
  if (allowedCidrs === undefined) return base;
  if (allowedCidrs.length === 0) throw new Error('an ingress that nobody may connect to: allowedCidrs is empty');
  if (allow === 'by middleware')
    return { ...base, 'traefik.ingress.kubernetes.io/router.middlewares': `${namespace}-${middleware}@kubernetescrd` };
  if (allow === undefined) throw new Error(`an Ingress of the controller ${controller} can't say from where connections may come`);
  return { ...base, ...allow(allowedCidrs) };
}
