export const ingressControllers = ['traefik', 'haproxy', 'nginx', 'alb', 'other'] as const;

export type IngressController = (typeof ingressControllers)[number];

/** What an Ingress can't say by itself, and each controller reads from annotations. */
interface ControllerAnnotations {
  /** HTTPS alone: what comes by HTTP is sent there or not answered. */
  base: Record<string, string>;
  /** Who may connect; Traefik has an object for it, `other` none that is known here. */
  allow: ((cidrs: readonly string[]) => Record<string, string>) | 'by middleware' | undefined;
  /**
   * That a caller must show a certificate of the authority in a Secret; Traefik has an object for it. HAProxy takes it for all of its Ingresses or
   * none, and ALB from a trust store in AWS: there it is the operator's to set, and the limit by addresses holds alone.
   */
  askForCertificate: ((secret: string) => Record<string, string>) | 'by TLS option' | undefined;
}

const annotations: Record<IngressController, ControllerAnnotations> = {
  traefik: {
    base: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure', 'traefik.ingress.kubernetes.io/router.tls': 'true' },
    allow: 'by middleware',
    askForCertificate: 'by TLS option',
  },
  haproxy: {
    base: { 'haproxy.org/ssl-redirect': 'true' },
    allow: (cidrs) => ({ 'haproxy.org/allow-list': cidrs.join(',') }),
    askForCertificate: undefined,
  },
  nginx: {
    base: { 'nginx.ingress.kubernetes.io/force-ssl-redirect': 'true' },
    allow: (cidrs) => ({ 'nginx.ingress.kubernetes.io/whitelist-source-range': cidrs.join(',') }),
    askForCertificate: (secret) => ({
      'nginx.ingress.kubernetes.io/auth-tls-secret': secret,
      'nginx.ingress.kubernetes.io/auth-tls-verify-client': 'on',
    }),
  },
  alb: {
    base: {
      'alb.ingress.kubernetes.io/scheme': 'internet-facing',
      'alb.ingress.kubernetes.io/target-type': 'ip',
      'alb.ingress.kubernetes.io/listen-ports': '[{"HTTPS":443}]',
      'alb.ingress.kubernetes.io/healthcheck-path': '/health',
    },
    allow: (cidrs) => ({ 'alb.ingress.kubernetes.io/inbound-cidrs': cidrs.join(',') }),
    askForCertificate: undefined,
  },
  other: { base: {}, allow: undefined, askForCertificate: undefined },
};

/** Whether an Ingress of this controller can say from where connections may come. */
export function canLimitSources(controller: IngressController): boolean {
  return annotations[controller].allow !== undefined;
}

/** Whether the controller reads the limit from an object of its own instead of from an annotation. */
export function limitsByMiddleware(controller: IngressController): boolean {
  return annotations[controller].allow === 'by middleware';
}

/** Whether the controller reads the demand for a certificate from an object of its own instead of from an annotation. */
export function asksByTlsOption(controller: IngressController): boolean {
  return annotations[controller].askForCertificate === 'by TLS option';
}

export interface ControllerAnnotationsArgs {
  controller: IngressController;
  namespace: string;
  /** Undefined: from anywhere. */
  allowedCidrs: readonly string[] | undefined;
  /** Of the Secret with the authority whose certificate a caller must show; undefined: none is asked for. */
  callersCa: string | undefined;
  /** Of the Traefik objects. */
  middleware: string;
  tlsOption: string;
}

/** @throws Error where the controller can't limit sources, and is asked to: a front door that should be narrow is never made wide */
export function controllerAnnotations(args: ControllerAnnotationsArgs): Record<string, string> {
  return { ...annotations[args.controller].base, ...limitAnnotations(args), ...certificateAnnotations(args) };
}

function limitAnnotations({ controller, namespace, allowedCidrs, middleware }: ControllerAnnotationsArgs): Record<string, string> {
  const { allow } = annotations[controller];
  if (allowedCidrs === undefined) return {};
  if (allowedCidrs.length === 0) throw new Error('an ingress that nobody may connect to: allowedCidrs is empty');
  if (allow === 'by middleware') return { 'traefik.ingress.kubernetes.io/router.middlewares': `${namespace}-${middleware}@kubernetescrd` };
  if (allow === undefined) throw new Error(`an Ingress of the controller ${controller} can't say from where connections may come`);
  return allow(allowedCidrs);
}

function certificateAnnotations({ controller, namespace, callersCa, tlsOption }: ControllerAnnotationsArgs): Record<string, string> {
  const { askForCertificate } = annotations[controller];
  if (callersCa === undefined || askForCertificate === undefined) return {};
  if (askForCertificate === 'by TLS option')
    return { 'traefik.ingress.kubernetes.io/router.tls.options': `${namespace}-${tlsOption}@kubernetescrd` };
  return askForCertificate(`${namespace}/${callersCa}`);
}
