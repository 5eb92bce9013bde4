import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startPbx, type Pbx } from '../../../sandbox/pbx';
import { N8nApi, type Workflow } from '../../../sandbox/playground/api';
import { startN8n, type N8n } from '../../../sandbox/playground/n8n';
import { installedN8n } from '../../../sandbox/playground/n8nFolder';
import { build, isStale, readManifest } from '../../../sandbox/playground/package';
import { chain, CREDENTIAL_TYPE } from '../../support/workflows';
import { startRegistry, type Registry } from './registry';
import { pack, packAsFirst, packFirst, type Tarball } from './tarballs';

/**
 * A real installation: the package is packed, published to a local registry, and installed, updated and removed by n8n
 * itself, first as a person does it (Settings > Community nodes), then by N8N_COMMUNITY_PACKAGES. The last line says how
 * many checks passed and failed.
 */

const ROOT = resolve(__dirname, '..', '..', '..');
const OWNER = { email: 'owner@example.com', password: 'Playground-1' };
const CALLER = '+441632960123';

/** ms that n8n may take to install the package with its dependencies. */
const INSTALL_MS = 300_000;
/** ms that an event may take to an execution. */
const EVENT_MS = 60_000;

/** A community package, as n8n lists it. */
interface Installed {
	packageName: string;
	installedVersion: string;
	installedNodes: Array<{ type: string }>;
}

/** As much of a node's description as we look at. */
interface NodeType {
	name: string;
	iconUrl?: string | { light: string; dark: string };
	codex?: { alias?: string[] };
}

/** n8n's interface with its community packages, as the settings page uses it. */
class PackagesApi extends N8nApi {
	async packages(): Promise<Installed[]> {
		return await this.request('GET', '/rest/community-packages');
	}

	async install(name: string, version: string): Promise<Installed> {
		return await this.request('POST', '/rest/community-packages', { name, version });
	}

	async update(name: string, version: string): Promise<Installed> {
		return await this.request('PATCH', '/rest/community-packages', { name, version });
	}

	async remove(name: string): Promise<void> {
		await this.request('DELETE', `/rest/community-packages?name=${name}`);
	}

	async described(prefix: string): Promise<NodeType[]> {
		const all = await this.request<NodeType[]>('GET', '/types/nodes.json');
		// n8n makes a variant for AI agents of each node that may be one.
		return all.filter(({ name }) => name.startsWith(`${prefix}.`) && !name.endsWith('Tool'));
	}

	async credentialTypes(): Promise<Array<{ name: string }>> {
		return await this.request('GET', '/types/credentials.json');
	}
}

let passed = 0;
let failed = 0;

/** Checks one thing; what it throws, or that it is false, is said. */
async function check(what: string, holds: () => Promise<unknown> | unknown): Promise<void> {
	let problem = '';
	try {
		if ((await holds()) === false) problem = 'it is not so';
	} catch (error) {
		problem = error instanceof Error ? error.message : String(error);
	}
	if (problem) failed += 1;
	else passed += 1;
	process.stdout.write(
		`${problem ? 'FAILED' : 'ok    '} ${what}${problem ? `: ${problem}` : ''}\n`,
	);
}

const same = (actual: unknown, expected: unknown) => {
	const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
	if (is !== should) throw new Error(`${is} instead of ${should}`);
};

/** An n8n with a folder of its own, and what is looked at in it. */
class Instance {
	private running: N8n | undefined;

	private current: PackagesApi | undefined;

	constructor(
		private readonly folder: string,
		private readonly registry: Registry,
		private readonly name: string,
	) {}

	get api(): PackagesApi {
		if (!this.current) throw new Error('n8n does not run');
		return this.current;
	}

	logTail(): string {
		return this.running?.logTail() ?? '';
	}

	async start(environment: Record<string, string> = {}): Promise<void> {
		await this.stop();
		this.running = await startN8n({
			userFolder: this.folder,
			n8nFolder: installedN8n().folder,
			logFile: join(this.folder, 'n8n.log'),
			readyTimeoutMs: INSTALL_MS,
			environment: { ...this.registry.environment, ...environment },
		});
		this.current = new PackagesApi(this.running.url);
		await this.current.signIn(OWNER);
	}

	async stop(): Promise<void> {
		await this.running?.stop();
		this.running = undefined;
	}

	/** All that a person sees of the package: nodes, icons, search words, the credential. */
	async checkAllIsThere(how: string): Promise<void> {
		const { n8n: manifest } = await readManifest(ROOT);
		const named = manifest.nodes.map((file) => /([^/]+)\.node\.js$/.exec(file)![1]!);
		const expected = named.map((each) => `${this.name}.${each[0]!.toLowerCase()}${each.slice(1)}`);
		const types = await this.api.described(this.name);
		await check(`${how}: all ${expected.length} nodes are there`, () =>
			same(types.map(({ name }) => name).sort(), expected.sort()),
		);
		await check(`${how}: each node has its icons, light and dark`, async () => {
			const urls = types.flatMap(({ iconUrl }) =>
				typeof iconUrl === 'object' ? [iconUrl.light, iconUrl.dark] : [],
			);
			same(urls.length, expected.length * 2);
			for (const url of urls) {
				const response = await fetch(`${this.api.baseUrl}/${url}`);
				if (!response.ok || !(await response.text()).includes('<svg')) throw new Error(`no ${url}`);
			}
		});
		await check(`${how}: each node is found by its search words`, async () => {
			for (const file of manifest.nodes) {
				const codex = join(ROOT, file.replace(/\.js$/, '.json'));
				const { node, alias } = JSON.parse(await readFile(codex, 'utf8')) as {
					node: string;
					alias: string[];
				};
				same(types.find(({ name }) => name === node)?.codex?.alias, alias);
			}
		});
		await check(`${how}: the credential is there`, async () =>
			(await this.api.credentialTypes()).some(({ name }) => name === CREDENTIAL_TYPE),
		);
	}

	/** Nothing of the package is left: in n8n's list, among its nodes, in its folder. */
	async checkNothingIsLeft(how: string): Promise<void> {
		await check(`${how}: n8n lists no package`, async () => same(await this.api.packages(), []));
		await check(`${how}: n8n has none of its nodes`, async () =>
			same(await this.api.described(this.name), []),
		);
		await check(
			`${how}: n8n does not have its credential`,
			async () => !(await this.api.credentialTypes()).some(({ name }) => name === CREDENTIAL_TYPE),
		);
		await check(`${how}: its folder is gone, and no backup of it is left`, async () => {
			const nodeModules = join(this.folder, '.n8n', 'nodes', 'node_modules');
			const entries = existsSync(nodeModules) ? await readdir(nodeModules) : [];
			same(
				entries.filter((entry) => entry.startsWith(this.name)),
				[],
			);
		});
	}
}

/** The two workflows that the package has to keep running: one that is executed, one that listens. */
class Work {
	private constructor(
		private readonly instance: Instance,
		private readonly pbx: Pbx,
		private readonly lists: Workflow,
		private readonly listens: Workflow,
	) {}

	static async begin(instance: Instance, pbx: Pbx, name: string): Promise<Work> {
		const { api } = instance;
		const { clientId, clientSecret } = pbx.defaultClient;
		const data = { pbxUrl: pbx.url, clientId, clientSecret };
		const credential = await api.saveCredential('3CX', CREDENTIAL_TYPE, data);
		const lists = await api.saveWorkflow(
			chain('Departments', credential, [
				{ name: '3CX', parameters: { resource: 'department', operation: 'getAll' } },
			]),
		);
		const listens = await api.saveWorkflow({
			name: 'Calls',
			nodes: [
				{
					id: '1',
					name: 'Call',
					type: `${name}.threeCxTrigger`,
					typeVersion: 1,
					position: [0, 0],
					parameters: { events: ['callRinging'] },
					credentials: { [CREDENTIAL_TYPE]: credential },
				},
			],
			connections: {},
		});
		await api.publish(listens);
		return new Work(instance, pbx, lists, listens);
	}

	async check(how: string): Promise<void> {
		await check(`${how}: a workflow runs`, async () => {
			const { status, error, items } = await this.instance.api.run(this.lists.id, 'Go');
			same({ status, error }, { status: 'success' });
			same(items('3CX').length, this.pbx.store.rows('Groups').length);
		});
		await check(`${how}: a call starts a workflow`, async () => {
			const { api } = this.instance;
			const known = new Set((await api.executions(this.listens.id)).map(({ id }) => id));
			const callId = this.pbx.calls.incoming({ from: CALLER, to: '100' });
			const [ended] = await api.endedExecutions(this.listens.id, 1, known, EVENT_MS);
			if (!ended) throw new Error(`no execution; n8n says:\n${this.instance.logTail()}`);
			same(
				(await api.execution(ended.id)).items('Call').map((item) => item.callId),
				[callId],
			);
			this.pbx.calls.hangUp({ callid: callId });
		});
	}
}

/** What is in the tarball is what n8n needs, and nothing else. */
async function checkTarball({ files, version }: Tarball): Promise<void> {
	const { n8n } = await readManifest(ROOT);
	await check(
		`the tarball of ${version} has each node, its search words and each credential`,
		() => {
			const needed = [
				...n8n.nodes,
				...n8n.credentials,
				...n8n.nodes.map((file) => file.replace(/\.js$/, '.json')),
			];
			same(
				needed.filter((file) => !files.includes(file)),
				[],
			);
		},
	);
	await check(
		`the tarball of ${version} has nothing but dist, workflows, package.json, README and licence`,
		() =>
			same(
				files.filter(
					(file) =>
						!/^(dist\/(nodes|credentials|lib|icons)\/|dist\/modules\.js$|dist\/package\.json$|workflows\/[\w-]+\.json$|package\.json$|README\.md$|LICENSE$)/.test(
							file,
						),
				),
				[],
			),
	);
}

async function play(folder: string): Promise<void> {
	const { name } = await readManifest(ROOT);
	if (await isStale(ROOT)) await build(ROOT);
	const now = await pack(ROOT, join(folder, 'now'));
	await checkTarball(now);
	const old = await packFirst(ROOT, join(folder, 'first'));
	const first = old ?? (await packAsFirst(ROOT, join(folder, 'as-first')));
	if (!old)
		process.stdout.write("       0.1.0 is not in this clone: today's code stands in for it\n");

	const registry = await startRegistry(join(folder, 'registry'), name);
	const pbx = await startPbx({ seedCallLogRows: 0, calls: { ringTimeoutMs: 600_000 } });
	const byHand = new Instance(join(folder, 'by-hand'), registry, name);
	const byEnvironment = new Instance(join(folder, 'by-environment'), registry, name);
	try {
		await registry.publish(first.file);
		await byHand.start();
		await check(`n8n ${installedN8n().version} installs ${first.version}`, async () =>
			same((await byHand.api.install(name, first.version)).installedVersion, first.version),
		);
		const work = await Work.begin(byHand, pbx, name);
		await work.check(first.version);

		await registry.publish(now.file);
		await check('n8n shows that there is an update', async () => {
			const [listed] = (await byHand.api.packages()) as Array<
				Installed & { updateAvailable?: string }
			>;
			same(listed?.updateAvailable, now.version);
		});
		await check(`n8n updates to ${now.version}`, async () =>
			same((await byHand.api.update(name, now.version)).installedVersion, now.version),
		);
		await byHand.checkAllIsThere('updated');
		await work.check('updated');
		await byHand.start();
		await byHand.checkAllIsThere('updated and restarted');
		await work.check('updated and restarted');
		await check('n8n removes it', async () => await byHand.api.remove(name));
		await byHand.checkNothingIsLeft('removed');
		await byHand.stop();

		const checksum = await registry.integrityOf(name, now.version);
		const declared = (packages: object[]) => ({
			N8N_COMMUNITY_PACKAGES_MANAGED_BY_ENV: 'true',
			N8N_UNVERIFIED_PACKAGES_ENABLED: 'false',
			N8N_COMMUNITY_PACKAGES: JSON.stringify(packages),
		});
		const wrong = `sha512-${'A'.repeat(86)}==`;
		await byEnvironment.start(declared([{ name, version: now.version, checksum: wrong }]));
		await byEnvironment.checkNothingIsLeft('declared with a wrong checksum');
		await byEnvironment.start(declared([{ name, version: now.version, checksum }]));
		await check('declared: n8n installs that version', async () =>
			same(
				(await byEnvironment.api.packages()).map(({ installedVersion }) => installedVersion),
				[now.version],
			),
		);
		await byEnvironment.checkAllIsThere('declared');
		await (await Work.begin(byEnvironment, pbx, name)).check('declared');
		await byEnvironment.start(declared([]));
		await byEnvironment.checkNothingIsLeft('declared no more');
	} finally {
		await byHand.stop();
		await byEnvironment.stop();
		await pbx.close();
		await registry.close();
	}
}

async function main(): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-3cx-install-'));
	try {
		await play(folder);
	} catch (error) {
		failed += 1;
		process.stdout.write(
			`FAILED ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
		);
	} finally {
		await rm(folder, { recursive: true, force: true, maxRetries: 5 });
	}
	process.stdout.write(`${passed} passed, ${failed} failed\n`);
	return failed === 0 ? 0 : 1;
}

void main().then((code) => process.exit(code));
