import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPbx, type Pbx } from './pbx';
import { N8nApi, type Owner } from './playground/api';
import {
	prepare,
	runOnboarding,
	watchScreenPop,
	type OnboardingReport,
	type Stage,
	type WorkflowOutcome,
} from './playground/demo';
import { existingN8n, signInAsGuest } from './playground/existing';
import { freePort, startN8n, type N8n } from './playground/n8n';
import { installedN8n } from './playground/n8nFolder';
import { build, isStale, readManifest } from './playground/package';
import { startServices, type Services } from './playground/services';
import { ownerFile, readOwner, readRunning, runningFile, writeRunning } from './playground/running';
import { differences, playCall, realPbx, snapshot, type PbxAccess } from './playground/telephone';

const HELP = `npm start                     a playground: a simulated 3CX PBX and a real n8n with our nodes
npm start -- --once           plays the demo once and ends everything
npm start -- --once --json    the same; the last line is one JSON object, exit code 1 if anything fell short

Options
  --once    end when the demo has been played
  --json    result as JSON on stdout, everything else on stderr (with --once)
  --write   allow writing to the PBX named by THREECX_URL, THREECX_CLIENT_ID and THREECX_CLIENT_SECRET;
            without it such a real PBX is only read and listened to. The sandbox is always written to.
  --help    this text

Environment
  THREECX_URL, THREECX_CLIENT_ID, THREECX_CLIENT_SECRET   a real PBX instead of the sandbox
  N8N_URL, N8N_EMAIL, N8N_PASSWORD   an n8n that runs already and has our package; what is created there is removed again
  N8N_VERSION                        another n8n than the pinned one; it is installed first
`;

const ROOT = resolve(__dirname, '..');
const PLAYGROUND = join(ROOT, '.playground');

/** The object that `--once --json` prints. */
interface Result {
	n8n: string;
	nodes: string[];
	workflows: WorkflowOutcome[];
	/** Of the played call, at the extension it rang: what the PBX did, and what reached a workflow. */
	events: { played: number; delivered: number };
	users: { created: number; second_run_changes: number };
	/** What fell short, in words; missing when nothing did. */
	problems?: string[];
}

interface Options {
	once: boolean;
	json: boolean;
	write: boolean;
}

/** Ends what was started, last first; what fails to end does not keep the others alive. */
class Cleanup {
	private readonly steps: Array<() => Promise<unknown>> = [];

	private running: Promise<void> | undefined;

	add(step: () => Promise<unknown>): void {
		this.steps.unshift(step);
	}

	async run(): Promise<void> {
		this.running ??= this.runAll();
		await this.running;
	}

	private async runAll(): Promise<void> {
		for (const step of this.steps) await step().catch(report);
	}
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const report = (error: unknown) => process.stderr.write(`${messageOf(error)}\n`);

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			once: { type: 'boolean', default: false },
			json: { type: 'boolean', default: false },
			write: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const cleanup = new Cleanup();
	const interrupted = new Promise<'interrupted'>((done) => {
		// 'disconnect': the process that started us is gone, see scripts/setup.mjs.
		for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])
			process.on(event, () => done('interrupted'));
	});
	const outcome = await Promise.race([
		play(values, cleanup).catch((error: unknown) => {
			report(error);
			if (values.json)
				process.stdout.write(`${JSON.stringify({ problems: [messageOf(error)] })}\n`);
			return 1;
		}),
		interrupted,
	]);
	await cleanup.run();
	return outcome === 'interrupted' ? (values.once ? 130 : 0) : outcome;
}

/** @returns the exit code; without `--once` only when n8n ends by itself */
async function play(options: Options, cleanup: Cleanup): Promise<number> {
	const say = (line: string) =>
		void (options.json ? process.stderr : process.stdout).write(`${line}\n`);

	const folder = await dataFolder(options, cleanup);

	const real = realPbx(process.env);
	// The ports that people know; with `--once` any, so as not to meet a running playground.
	const pbx = real
		? undefined
		: await startPbx({ port: await freePort(options.once ? undefined : 5001) });
	if (pbx) {
		cleanup.add(async () => await pbx.close());
		pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
	}
	const services = await startServices();
	cleanup.add(async () => await services.close());
	const access: PbxAccess = real ?? { kind: 'sandbox', url: pbx!.url, ...pbx!.defaultClient };
	say(
		pbx
			? `3CX sandbox   ${access.url}`
			: `3CX           ${access.url} (real, ${options.write ? 'may be written to' : 'read only'})`,
	);

	const n8n = await bringN8n(folder, options, cleanup, say);
	const { api, owner, version } = n8n;
	await writeRunning(folder, { pid: process.pid, n8n: api.baseUrl, pbx: access.url });
	say(`n8n ${version}    ${api.baseUrl}`);

	const demo = playDemo({
		api,
		owner,
		access,
		pbx,
		services,
		isOwn: n8n.isOwn,
		mayWrite: !real || options.write,
		version,
		say,
	});
	const result = await Promise.race([demo, n8n.crash]);

	if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
	for (const problem of result.problems ?? []) say(`FELL SHORT: ${problem}`);
	if (options.once) return result.problems ? 1 : 0;

	say('');
	say(
		`Open          ${api.baseUrl}   e-mail ${owner.email}${n8n.isOwn ? `   password ${owner.password}` : ''}`,
	);
	if (pbx) {
		say(`Make calls    ${pbx.url}   (the sandbox's own page)`);
		// New at every start, and opens nothing but this sandbox: to practise creating the credential with.
		const { clientId, clientSecret } = pbx.defaultClient;
		say(
			`API client    Server URL ${pbx.url}   Client ID ${clientId}   Client Secret ${clientSecret}`,
		);
	} else say('Call an extension of the PBX now and watch the executions of the screen pop.');
	say('Ctrl+C ends everything.');
	return await n8n.crash;
}

/** The n8n of the demo. */
interface Stand {
	api: N8nApi;
	owner: Owner;
	version: string;
	/** Whether we started it. */
	isOwn: boolean;
	/** Rejects when it ends without being asked to; never settles otherwise. */
	crash: Promise<never>;
}

/** Starts n8n with the package as it is now; or signs in to the one that N8N_URL names, with the package it has. */
async function bringN8n(
	folder: string,
	{ once }: Options,
	cleanup: Cleanup,
	say: (line: string) => void,
): Promise<Stand> {
	const existing = existingN8n();
	if (existing) {
		const api = await signInAsGuest(existing, ROOT);
		cleanup.add(async () => await api.removeCreated());
		const version = await api.version();
		return { api, owner: existing.owner, version, isOwn: false, crash: new Promise(() => {}) };
	}
	if (await isStale(ROOT)) {
		say('Building the package ...');
		await build(ROOT);
	}
	const { folder: n8nFolder, version } = installedN8n();
	const n8n = await startN8n({
		userFolder: join(folder, 'n8n'),
		n8nFolder,
		packageDir: ROOT,
		logFile: join(PLAYGROUND, once ? 'once.log' : 'n8n.log'),
		port: once ? undefined : 5678,
	});
	cleanup.add(async () => await n8n.stop());
	const owner = await ownerOf(folder);
	return { api: new N8nApi(n8n.url), owner, version, isOwn: true, crash: crash(n8n) };
}

interface Scene {
	api: N8nApi;
	owner: Owner;
	access: PbxAccess;
	/** The sandbox; undefined with a real PBX. */
	pbx: Pbx | undefined;
	/** The other ends of the workflows. */
	services: Services;
	/** Whether we started n8n. */
	isOwn: boolean;
	mayWrite: boolean;
	version: string;
	say: (line: string) => void;
}

/** The main job: people are onboarded, a call is played, and both workflows have done their part. */
async function playDemo({
	api,
	owner,
	access,
	pbx,
	services,
	isOwn,
	mayWrite,
	version,
	say,
}: Scene): Promise<Result> {
	const stage = await prepare(api, owner, access, {
		folder: join(ROOT, 'workflows'),
		services,
		isOwn,
	});
	say(`Credential    tested: the PBX accepts the API client ${access.clientId}`);

	const onboarding = mayWrite ? await onboard(api, stage, pbx) : await leaveOut(api, stage);
	say(
		mayWrite
			? `Onboarding    ${onboarding.created} users created; run again: ${onboarding.secondRunChanges} changes`
			: 'Onboarding    saved, not published and not run: that would write to your PBX (allow it with --write)',
	);
	say(`              ${api.baseUrl}/workflow/${stage.onboarding.id}`);

	const watch = await watchScreenPop(api, stage.screenPop);
	say(`Screen pop    published, listening  ${api.baseUrl}/workflow/${stage.screenPop.id}`);
	let silent = false;
	const arrived = async (count: number) => {
		// Once an event has failed to arrive there is no use in waiting for the next.
		silent ||= (await watch.ended(count, silent ? 0 : 15_000)).length < count;
	};
	const played = pbx ? await playCall(pbx, callerAndExtension(pbx), arrived) : undefined;
	const expected = played?.events.length ?? 0;
	const screenPop = await watch.outcome(expected);
	const delivered = (await watch.events()).filter(
		({ trigger }) => trigger.callId === played?.callId,
	);
	if (played)
		say(`Call          ${played.from} calls ${played.extension}: ${played.events.join(', ')}`);
	for (const { trigger, pop } of delivered) {
		say(
			`              ${String(trigger.event)} reached the workflow${pop ? `: ${describe(pop)}` : ''}`,
		);
	}

	if (stage.others.length > 0) {
		say(`More          ${stage.others.length} workflows to try, not published:`);
		for (const { id, name } of stage.others)
			say(`              ${name}  ${api.baseUrl}/workflow/${id}`);
	}

	const result: Result = {
		n8n: version,
		nodes: stage.nodes,
		workflows: [onboarding.outcome, screenPop],
		events: { played: expected, delivered: delivered.length },
		users: {
			created: onboarding.created,
			second_run_changes: onboarding.secondRunChanges,
		},
	};
	const problems = await problemsOf(result, pbx !== undefined);
	const pop = delivered.find((event) => event.pop)?.pop;
	if (played && !(pop?.known === true && /^\+\d+$/.test(String(pop.number)))) {
		problems.push(`the caller ${played.from} was not found in the contacts with a number in E.164`);
	}
	return problems.length > 0 ? { ...result, problems } : result;
}

/** Runs the onboarding; in the sandbox the PBX itself is asked what changed, not only the workflow's report. */
async function onboard(api: N8nApi, { onboarding }: Stage, pbx: Pbx | undefined) {
	const snapshots = pbx ? [snapshot(pbx)] : [];
	const { outcome, reports } = await runOnboarding(api, onboarding, () => {
		if (pbx) snapshots.push(snapshot(pbx));
	});
	const [first, second]: Array<OnboardingReport | undefined> = reports;
	const [before, between, after] = snapshots;
	const seenByPbx = between && after ? differences(between, after).length : 0;
	const createdInPbx =
		before && between
			? differences(before, between).filter((key) => key.startsWith('Users ') && !before.has(key))
					.length
			: undefined;
	return {
		outcome,
		created: createdInPbx ?? first?.created ?? 0,
		secondRunChanges: Math.max(second?.changes ?? 0, seenByPbx),
	};
}

/** Sees to it that the onboarding does not run; an earlier playground may have published it with its schedule. */
async function leaveOut(api: N8nApi, { onboarding: { id, name, active } }: Stage) {
	if (active) await api.unpublish(id);
	const outcome: WorkflowOutcome = { name, status: 'skipped', executions: 0 };
	return { outcome, created: 0, secondRunChanges: 0 };
}

/** What fell short of the promise, in words. */
async function problemsOf(result: Result, isSandbox: boolean): Promise<string[]> {
	const { n8n } = await readManifest(ROOT);
	const { played, delivered } = result.events;
	const checks: Array<[boolean, string]> = [
		[
			result.nodes.length >= n8n.nodes.length,
			`n8n loaded ${result.nodes.length} of our ${n8n.nodes.length} nodes`,
		],
		...result.workflows.map(({ name, status, error }): [boolean, string] => [
			status !== 'error',
			`"${name}": ${error}`,
		]),
		[delivered === played, `${delivered} of ${played} call events reached the workflow`],
		[!isSandbox || played >= 3, 'the call did not ring, get answered and end'],
		[
			!isSandbox || result.users.created > 0 || result.workflows[0]?.status === 'error',
			'the onboarding created nobody',
		],
		[
			result.users.second_run_changes === 0,
			`the second onboarding run changed ${result.users.second_run_changes} things`,
		],
	];
	return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/**
 * A caller from the PBX's contacts, whose number comes in local notation so that there is something to normalise, and
 * a phone that can ring.
 */
function callerAndExtension({ store }: Pbx): { from: string; extension: string } {
	const numbers = store.rows('Contacts').map(({ PhoneNumber }) => String(PhoneNumber ?? ''));
	const local = numbers.find((number) => /^0[1-9]/.test(number)) ?? numbers[0] ?? '';
	const user = store.rows('Users').find(({ IsRegistered }) => IsRegistered !== false);
	return { from: local.replace(/[^\d+]/g, ''), extension: String(user?.Number) };
}

const describe = (pop: Record<string, unknown>): string =>
	[pop.title, pop.number].filter(Boolean).map(String).join(', ');

/**
 * Where n8n keeps its data: with `--once` a fresh folder that is removed, else `.playground/data`, which one playground
 * at a time may use.
 */
async function dataFolder({ once }: Options, cleanup: Cleanup): Promise<string> {
	const folder = join(PLAYGROUND, once ? `once-${process.pid}` : 'data');
	await mkdir(join(folder, 'n8n'), { recursive: true });
	if (once) {
		cleanup.add(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
		return folder;
	}
	const running = await readRunning(folder);
	if (running && isAlive(running.pid)) {
		throw new Error(
			`A playground is running already at ${running.n8n} (process ${running.pid}). End it with Ctrl+C there; if that process is something else, remove ${runningFile(folder)}.`,
		);
	}
	cleanup.add(async () => await rm(runningFile(folder), { force: true }));
	return folder;
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

/** The owner of this data's n8n; made up once and kept beside it, readable only for its user. */
async function ownerOf(folder: string): Promise<Owner> {
	const existing = await readOwner(folder);
	if (existing) return existing;
	// n8n wants a digit and a capital among at least eight characters.
	const password = `${randomBytes(9).toString('base64url')}A1`;
	const owner = { email: 'owner@example.com', password };
	await writeFile(ownerFile(folder), JSON.stringify(owner), { mode: 0o600 });
	return owner;
}

/** Rejects when n8n ends without being asked to. */
async function crash(n8n: N8n): Promise<never> {
	const code = await n8n.crashed;
	throw new Error(`n8n ended by itself (exit code ${code}). Its last lines:\n${n8n.logTail()}`);
}

void main()
	.catch((error: unknown) => {
		report(error);
		return 2;
	})
	.then((code) => process.exit(code));
