import { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { manifestKey } from '../manifest.ts';
import { runIdSchema } from '../run-id.ts';
import type { BackupTarget } from './target.ts';

export interface BucketOptions {
  bucket: string;
  /** In front of every key, without slashes at its ends; may be empty. */
  prefix: string;
  region: string;
  /** Of a store that is not Amazon's; its buckets are addressed by path. */
  endpoint?: string | undefined;
}

/** S3 allows 10,000 parts, so a dump of at most 160 GB; two at once are what this costs in memory. */
const partSize = 16 * 2 ** 20;
const partsAtOnce = 2;
/** S3 deletes so many objects in one request. */
const deletesAtOnce = 1_000;
const requestTimeoutMs = 60_000;

/**
 * Backups in a bucket of Amazon S3 or of what speaks its protocol. Credentials are what Amazon's SDK finds: AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY, or what the cluster gives to the pod. An object appears only when its upload is complete.
 */
export function bucketTarget({ bucket, prefix, region, endpoint }: BucketOptions): BackupTarget {
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
    // Checksums in trailers are Amazon's alone; every dump has a checksum of its own and is read back.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const inBucket = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);

  const get = async (key: string): Promise<Readable> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: inBucket(key) }));
    if (!(Body instanceof Readable)) throw new Error(`${key} has no content`);
    return Body;
  };

  return {
    description: `s3://${[bucket, prefix].filter(Boolean).join('/')}`,
    async write(key, source, signal) {
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: inBucket(key), Body: source, ContentType: 'application/octet-stream' },
        partSize,
        queueSize: partsAtOnce,
      });
      // Not the upload's own abort(): that ends the wait before the parts are removed, or never removes them.
      const abort = (): void => void source.destroy(signal?.reason as Error);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        await upload.done();
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    read: get,
    async readText(key) {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of await get(key)) chunks.push(Buffer.from(chunk as Uint8Array));
        return Buffer.concat(chunks).toString('utf8');
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async listRuns() {
      const runs: string[] = [];
      const folder = inBucket('');
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: folder, Delimiter: '/' });
      for await (const { CommonPrefixes = [] } of pages)
        for (const { Prefix = '' } of CommonPrefixes) runs.push(Prefix.slice(folder.length, -1));
      return runs.filter((id) => runIdSchema.safeParse(id).success).sort();
    },
    async removeRun(runId) {
      await remove([inBucket(manifestKey(runId))]);
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: inBucket(`${runId}/`) })) {
        const keys = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
        for (let from = 0; from < keys.length; from += deletesAtOnce) await remove(keys.slice(from, from + deletesAtOnce));
      }
    },
    close: () => client.destroy(),
  };

  async function remove(keys: string[]): Promise<void> {
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined)
      throw new Error(`${first.Key ?? 'an object'} could not be deleted: ${first.Code ?? ''} ${first.Message ?? ''}`);
  }
}
