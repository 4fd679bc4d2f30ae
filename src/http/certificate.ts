import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Fault, messageOf } from '#runtime';

/** PEM files that something else makes and renews: an ACME client, or a person. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

interface Pair {
  cert: Buffer;
  key: Buffer;
  expiresMs: number;
}

export interface CertificateStatus {
  expiresMs: number;
  /** Why the files as they are now are not used. */
  problem?: string;
}

/** By what the box proves who it is. It always holds a pair that fits, although the files may be in the middle of a change. */
export class Certificate {
  readonly #files: CertificateFiles;
  #pair: Pair;
  #problem: string | undefined;

  private constructor(files: CertificateFiles, pair: Pair) {
    this.#files = files;
    this.#pair = pair;
  }

  /** Throws `invalid` when a file can't be read, is no PEM, or the two don't belong together. */
  static async load(files: CertificateFiles): Promise<Certificate> {
    return new Certificate(files, await read(files));
  }

  get pem(): { cert: Buffer; key: Buffer } {
    const { cert, key } = this.#pair;
    return { cert, key };
  }

  status(): CertificateStatus {
    const { expiresMs } = this.#pair;
    return { expiresMs, ...(this.#problem === undefined ? {} : { problem: this.#problem }) };
  }

  /** Looks at the files again. True when there is another pair; what can't be used is told by `status`. Never throws. */
  async reload(): Promise<boolean> {
    try {
      const pair = await read(this.#files);
      this.#problem = undefined;
      const isNew = !pair.cert.equals(this.#pair.cert) || !pair.key.equals(this.#pair.key);
      this.#pair = pair;
      return isNew;
    } catch (error) {
      this.#problem = messageOf(error);
      return false;
    }
  }
}

async function read({ certFile, keyFile }: CertificateFiles): Promise<Pair> {
  const [cert, key] = await Promise.all([pemOf('certFile', certFile), pemOf('keyFile', keyFile)]);
  const { validTo } = parsed(cert, certFile);
  try {
    createSecureContext({ cert, key });
  } catch {
    // OpenSSL's own words name neither file.
    throw new Fault(
      'invalid',
      `tls.keyFile: ${keyFile} is not the key, without a passphrase, of the certificate in ${certFile}`,
    );
  }
  return { cert, key, expiresMs: Date.parse(validTo) };
}

async function pemOf(field: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // What Node's file functions throw.
    throw new Fault('invalid', `tls.${field}: can't read ${file} (${code}): may the user of the service read it?`);
  }
}

function parsed(cert: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch {
    throw new Fault(
      'invalid',
      `tls.certFile: ${file} holds no certificate in PEM: -----BEGIN CERTIFICATE----- is missing`,
    );
  }
}
