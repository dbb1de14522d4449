import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Log } from '../../shared/log.ts';

export interface CertificateWatch {
  /** One look at every host. A host whose certificate can't be read has no value. */
  look(signal?: AbortSignal): Promise<void>;
  /** Another replica looks from now on. */
  forget(): void;
}

export interface CertificateWatchOptions {
  /** Where the platform is reached; those without TLS have no certificate. */
  urls: readonly string[];
  registry: Registry;
  log: Log;
}

const timeoutMs = 10_000;

/**
 * `authsome_certificate_expiry_timestamp_seconds{host}`: when the certificate ends that callers of the platform are shown, whoever shows it: an
 * ingress or the edge. So it is read as a caller gets it, over the network, and also where it has ended already or nobody trusts it.
 */
export function watchCertificates({ urls, registry, log }: CertificateWatchOptions): CertificateWatch {
  const gauge = new Gauge({
    name: 'authsome_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that callers of this host are shown ends, since the epoch.',
    labelNames: ['host'],
    registers: [registry],
  });
  const addresses = urls.map((url) => new URL(url)).filter(({ protocol }) => protocol === 'https:');
  // With the port where it is not 443: two of them may show two certificates.
  const places = new Map(addresses.map((address) => [address.host, address]));
  return {
    async look(signal) {
      await Promise.all(
        [...places].map(async ([host, address]) => {
          try {
            gauge.set({ host }, (await readExpiry(address, signal)).getTime() / 1_000);
          } catch (err) {
            gauge.remove({ host });
            if (signal?.aborted !== true) log.warn({ err, host }, 'The certificate of a host could not be read');
          }
        }),
      );
    },
    forget: () => gauge.reset(),
  };
}

function readExpiry({ hostname, port }: URL, signal: AbortSignal | undefined): Promise<Date> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  stop.throwIfAborted();
  const host = hostname.replace(/^\[|\]$/g, '');
  // An address is no name that a server may be asked for (RFC 6066).
  const name = isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve, reject) => {
    // Nothing is sent, so nothing depends on whether the other side is to be trusted.
    const socket = connect({ host, port: Number(port || 443), ...name, rejectUnauthorized: false }, () => {
      const { valid_to: end } = socket.getPeerCertificate();
      socket.destroy();
      const time = new Date(end);
      if (Number.isNaN(time.getTime())) reject(new Error('it tells no end'));
      else resolve(time);
    });
    socket.once('error', reject);
    stop.addEventListener('abort', () => socket.destroy(new Error('no answer')), { once: true });
  });
}
