import { readFileSync } from 'node:fs';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttp, request as ask, type IncomingMessage } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../sandbox/playground/n8n';
import { selfSigned } from '../../../sandbox/pbx/certificate';

const VERDACCIO = resolve(
	__dirname,
	'../../../.playground/registry/node_modules/verdaccio/bin/verdaccio',
);

/** The one registry that n8n without an Enterprise licence installs from: the default in its own settings. */
const NPMJS = defaultRegistryOf(
	resolve(
		__dirname,
		'../../../.playground/n8n/node_modules/n8n/dist/modules/community-packages/community-packages.config.js',
	),
);

function defaultRegistryOf(settings: string): string {
	const [, host] = /registry = 'https:\/\/([^'/]+)/.exec(readFileSync(settings, 'utf8')) ?? [];
	if (host === undefined) throw new Error(`${settings} names no default registry`);
	return host;
}

/** ms until verdaccio must answer. */
const READY_MS = 120_000;

/** A local npm registry that n8n takes for npm's own. */
export interface Registry {
	/** What n8n has to be started with, so that it takes this registry for npm's. */
	environment: Record<string, string>;
	/** Publishes a tarball of `npm pack`. */
	publish(tarball: string): Promise<void>;
	/** What `npm view` says of a version: the checksum that n8n wants. */
	integrityOf(name: string, version: string): Promise<string>;
	close(): Promise<void>;
}

/**
 * Starts verdaccio, and a proxy that leads whoever asks for npm's registry to it. Our package comes from verdaccio, its
 * dependencies through it from npm's registry; all other hosts are out of reach, as behind a firewall.
 *
 * @param folder - where its storage and its certificate may lie
 * @param name - of the package that is published here and nowhere else
 */
export async function startRegistry(folder: string, name: string): Promise<Registry> {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	await mkdir(folder, { recursive: true });
	const config = join(folder, 'config.yaml');
	const { stdout: upstream } = await promisify(execFile)('npm', ['config', 'get', 'registry']);
	await writeFile(
		config,
		`storage: ${join(folder, 'storage')}
auth: { htpasswd: { file: ${join(folder, 'htpasswd')}, max_users: 10 } }
uplinks: { npmjs: { url: '${upstream.trim()}', timeout: 60s } }
packages:
  '${name}': { access: $all, publish: $authenticated }
  '**': { access: $all, proxy: npmjs }
log: { type: stdout, format: pretty, level: error }
`,
	);
	const child = spawn(
		process.execPath,
		[VERDACCIO, '--config', config, '--listen', `127.0.0.1:${port}`],
		{
			stdio: ['ignore', 'inherit', 'inherit'],
		},
	);
	process.once('exit', () => child.kill());
	await answers(`${url}/-/ping`);

	const token = await newUser(url);
	const asPublisher = ['--registry', url, `--//127.0.0.1:${port}/:_authToken=${token}`];
	const npm = async (...args: string[]) =>
		(await promisify(execFile)('npm', [...args, '--cache', join(folder, 'cache')], { cwd: folder }))
			.stdout;

	const { key, cert } = await selfSigned(NPMJS);
	const certificate = join(folder, 'npmjs.pem');
	await writeFile(certificate, cert);
	const npmjs = createTls({ key, cert }, (request, response) => {
		forward(request, port).then(
			(answer) => {
				response.writeHead(answer.statusCode ?? 502, answer.headers);
				answer.pipe(response);
			},
			() => response.writeHead(502).end(),
		);
	});
	const npmjsPort = await listen(npmjs);
	const proxy = createHttp((_, response) => response.writeHead(502).end());
	proxy.on('connect', ({ url: target }, client) => {
		client.on('error', () => client.destroy());
		if (target !== `${NPMJS}:443`) return client.end('HTTP/1.1 502 Out of reach\r\n\r\n');
		const server = connect(npmjsPort, '127.0.0.1', () => {
			client.write('HTTP/1.1 200 Connected\r\n\r\n');
			client.pipe(server).pipe(client);
		});
		server.on('error', () => client.destroy());
		return undefined;
	});
	const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;

	return {
		environment: {
			HTTPS_PROXY: proxyUrl,
			https_proxy: proxyUrl,
			NO_PROXY: '127.0.0.1,localhost',
			no_proxy: '127.0.0.1,localhost',
			NODE_EXTRA_CA_CERTS: certificate,
			npm_config_cafile: certificate,
			// Nothing of whoever runs this: a cache that knows the package already, a registry of the company.
			npm_config_cache: join(folder, 'n8n-cache'),
			npm_config_registry: `https://${NPMJS}/`,
			npm_config_userconfig: join(folder, 'npmrc'),
		},
		publish: async (tarball) => void (await npm('publish', tarball, ...asPublisher)),
		integrityOf: async (packageName, version) =>
			(await npm('view', `${packageName}@${version}`, 'dist.integrity', '--registry', url)).trim(),
		async close() {
			for (const server of [proxy, npmjs]) {
				server.closeAllConnections();
				server.close();
			}
			child.kill();
			if (child.exitCode === null) await once(child, 'exit');
		},
	};
}

/** Asks verdaccio what npm's registry was asked; it writes the addresses of tarballs as whoever asks sees them. */
async function forward(request: IncomingMessage, port: number): Promise<IncomingMessage> {
	const { method, url: path, headers } = request;
	const asked = ask({
		port,
		host: '127.0.0.1',
		method,
		path,
		headers: { ...headers, host: NPMJS, 'x-forwarded-proto': 'https' },
	});
	request.pipe(asked);
	const [answer] = (await once(asked, 'response')) as [IncomingMessage];
	return answer;
}

async function newUser(url: string): Promise<string> {
	const name = 'publisher';
	const response = await fetch(`${url}/-/user/org.couchdb.user:${name}`, {
		method: 'PUT',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ name, password: 'Playground-1' }),
	});
	const { token } = (await response.json()) as { token?: string };
	if (!token) throw new Error(`verdaccio made no user: ${response.status}`);
	return token;
}

async function answers(url: string): Promise<void> {
	const deadline = Date.now() + READY_MS;
	while (!(await fetch(url).catch(() => undefined))?.ok) {
		if (Date.now() > deadline)
			throw new Error(`verdaccio did not answer within ${READY_MS / 1000} s`);
		await delay(100);
	}
}

async function listen(server: Server): Promise<number> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}
