import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A key and the certificate for it, both PEM. */
export interface KeyPair {
	key: string;
	cert: string;
}

const BLOCK = (label: string) =>
	new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----`);

/** Node makes keys but no certificates, so openssl does; key and certificate never touch the disk. */
const argumentsFor = (host: string) => [
	'req',
	'-x509',
	'-newkey',
	'ec',
	'-pkeyopt',
	'ec_paramgen_curve:prime256v1',
	'-nodes',
	'-keyout',
	'-',
	'-out',
	'-',
	'-days',
	'30',
	'-subj',
	`/CN=${host}`,
	'-addext',
	`subjectAltName=DNS:${host},IP:127.0.0.1`,
];

/**
 * A certificate that nobody trusts, like that of a PBX in a local network.
 *
 * @param host - the name that it is for, besides 127.0.0.1
 * @throws Error when openssl is missing or too old
 */
export async function selfSigned(host = 'localhost'): Promise<KeyPair> {
	const { stdout } = await promisify(execFile)('openssl', argumentsFor(host)).catch(
		(cause: unknown) => {
			throw new Error(
				'The sandbox needs openssl for its certificate: install it, or start without tls.',
				{ cause },
			);
		},
	);
	const key = BLOCK('PRIVATE KEY').exec(stdout)?.[0];
	const cert = BLOCK('CERTIFICATE').exec(stdout)?.[0];
	if (key === undefined || cert === undefined) {
		throw new Error('openssl made no certificate: version 1.1.1 or later is needed.');
	}
	return { key, cert };
}
