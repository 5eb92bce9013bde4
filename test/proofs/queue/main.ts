import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPbx, type Pbx } from '../../../sandbox/pbx';
import { N8nApi, type Execution, type ExecutionSummary } from '../../../sandbox/playground/api';
import { installedN8n } from '../../../sandbox/playground/n8nFolder';
import { build, isStale } from '../../../sandbox/playground/package';
import { addExtensions, Calls, extensionOf, RING_TIMEOUT_MS } from './calls';
import { CONCURRENCY, mainProcess, workerProcess } from './fleet';
import { removeAtExit, startServices } from './services';
import { hasEnded, outcomeOf, tallyTokens } from './tally';
import {
	callsWorkflow,
	coldWorkflow,
	COLD_PATH,
	CREDENTIAL_TYPE,
	NODE,
	type Credentials,
} from './workflows';

const HELP = `npm run e2e:queue                     n8n in queue mode with our nodes, one main and two workers: plays calls, kills processes
npm run e2e:queue -- --calls 100      fewer calls

Options
  --calls n   calls to play; default 1000
  --rate n    calls a second; default 10
  --help      this text

Redis and PostgreSQL are started on ports of their own, or named by REDIS_URL and DATABASE_URL (a database that may
be written to). The last line is one JSON object; exit code 1 if anything fell short.
`;

const ROOT = resolve(__dirname, '..', '..', '..');

/** Executions that begin at once before anybody has a token. */
const COLD_EXECUTIONS = 50;
/** PBXs that the expression credential tells apart. */
const BRANCHES = 3;
/** Milliseconds that a PBX takes to answer: executions last long enough to be hit, and logins to be met by others. */
const LATENCY_MS = 100;
/** Mints that a PBX may see in the whole run. */
const MOST_MINTS = 9;
/** Executions of which none has ended for so long, in ms, are those that went down with the worker. */
const SETTLE_MS = 15_000;

// Of a test that throws everything away; the same each time, so that a database named by DATABASE_URL can be used again.
const OWNER = { email: 'owner@example.com', password: 'Playground-1' };
const ENCRYPTION_KEY = 'queue mode test';

/** The object in the last line. */
interface Result {
	calls: number;
	/** Calls whose workflow came to its end, with the rows of the right PBXs. */
	executions_ok: number;
	/** Calls that came to nothing, except for `lost_with_worker`. */
	lost: number;
	/** Calls whose execution ran on the worker when it was killed: n8n gives such executions up, nothing runs them again. */
	lost_with_worker: number;
	/** Executions that the killed worker had taken: n8n marks them as crashed or lets them stand. */
	abandoned: number;
	/** Executions beyond the first of a call: a phone still rang when main came back. */
	repeated: number;
	/** Tokens that n8n was given for the client ID of trigger and workers, cold start included. */
	mints: number;
	unauthorized: number;
	wrong_tenant_tokens: number;
	trigger_recovered: boolean;
	/** From SIGKILL to the trigger's open socket. */
	trigger_down_ms: number;
	/** The first executions, on both workers, with no token anywhere. */
	cold_start: { executions: number; ok: number; mints: number; unauthorized: number };
	/** The PBXs behind the expression credential. */
	branches: { mints: number[]; unauthorized: number[] };
	/** What fell short, in words; missing when nothing did. */
	problems?: string[];
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			calls: { type: 'string', default: '1000' },
			rate: { type: 'string', default: '10' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const [calls, rate] = [Number(values.calls), Number(values.rate)];
	if (!(Number.isInteger(calls) && calls >= 10 && rate > 0)) {
		throw new Error('--calls takes a whole number from 10 up, --rate a number above 0');
	}
	// 'disconnect': the process that started us is gone, see scripts/setup.mjs. What we started ends with us.
	for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])
		process.on(event, () => process.exit(130));

	if (await isStale(ROOT)) {
		say('Building the package ...');
		await build(ROOT);
	}
	const result = await play(calls, rate);
	say(JSON.stringify(result));
	return result.problems ? 1 : 0;
}

async function play(count: number, rate: number): Promise<Result> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-3cx-queue-'));
	removeAtExit(folder);
	const services = await startServices(folder, process.env);
	say(`Redis         ${new URL(services.redis).host}`);
	say(`PostgreSQL    ${new URL(services.postgres).host}`);

	const [office, ...branches] = await startPbxs(count);
	say(`3CX sandboxes ${[office, ...branches].map(({ url }) => url).join(', ')}`);

	const fleet = {
		services,
		folder,
		n8nFolder: installedN8n().folder,
		packageDir: ROOT,
		encryptionKey: ENCRYPTION_KEY,
	};
	const n8n = await mainProcess(fleet);
	// One after the other: main makes the tables.
	await n8n.start();
	const workers = [workerProcess(fleet, 'worker-1'), workerProcess(fleet, 'worker-2')];
	await Promise.all(workers.map(async (worker) => await worker.start()));
	const api = new N8nApi(n8n.n8n.url);
	await api.signIn(OWNER);
	say(`n8n           ${api.baseUrl}, main and ${workers.length} workers, ${CONCURRENCY} at a time`);

	const credentials = await saveCredentials(api, office, branches);
	const cold = await coldStart(api, credentials, office);
	say(
		`Cold start    ${cold.ok} of ${cold.executions} executions ok, ${cold.mints} token minted, ${cold.unauthorized} requests refused`,
	);

	const workflow = await api.saveWorkflow(callsWorkflow(credentials));
	const known = new Set((await api.executions(workflow.id)).map(({ id }) => id));
	await api.publish(workflow, 60_000);
	const calls = new Calls(office);
	const part = (share: number) => Math.round(count * share);
	const playShare = async (from: number, to: number) =>
		await calls.play(part(to) - part(from), rate);

	await playShare(0, 0.25);
	const victim = workers[0]!;
	await victim.kill();
	say(`Worker        killed after ${calls.all.length} calls, started again`);
	const restarted = victim.start();

	await playShare(0.25, 0.5);
	await restarted;
	await mintElsewhere(office);
	say(`Token         replaced by another program after ${calls.all.length} calls`);

	await playShare(0.5, 0.6);
	await n8n.kill();
	const killedAt = Date.now();
	say(`Main          killed after ${calls.all.length} calls, started again`);
	const back = n8n.start();
	await playShare(0.6, 0.8);
	await back;
	const openedAt = await socketOpenedAfter(office, killedAt);
	say(`Main          back; the trigger listens again after ${openedAt - killedAt} ms`);

	const firstAfter = calls.all.length;
	await playShare(0.8, 1);
	await calls.over();
	calls.close();
	say(`Calls         ${calls.all.length} played; waiting for the last executions`);

	const executions = await settled(api, workflow.id, known);
	const extensionIn = (execution: Execution) => execution.items(NODE.trigger)[0]?.extension;
	const outcome = await outcomeOf(api, executions, extensionIn);
	for (const { id, reason } of outcome.failures) {
		say(`              execution ${id} failed: ${reason}`);
	}

	const missing = calls.all.filter(({ extension }) => !outcome.ok.has(extension));
	for (const { extension, calledBack } of missing) {
		const how = calledBack
			? 'its workflow began, and did not come to its end'
			: 'no workflow took it up';
		say(`              call ${extension}: ${how}`);
	}
	// n8n keeps no data of an execution whose process died: it cannot be told which call it was, only that there was one.
	const lostWithWorker = Math.min(outcome.abandoned, missing.length);
	const [ofOffice, ...ofBranches] = tallyTokens([office, ...branches]);
	const result: Result = {
		calls: count,
		executions_ok: outcome.ok.size,
		lost: missing.length - lostWithWorker,
		lost_with_worker: lostWithWorker,
		abandoned: outcome.abandoned,
		repeated: outcome.repeated,
		mints: mintsOf(office) - 1,
		unauthorized: ofOffice!.unauthorized,
		wrong_tenant_tokens: [ofOffice!, ...ofBranches].reduce((sum, { foreign }) => sum + foreign, 0),
		trigger_recovered: calls.all
			.slice(firstAfter)
			.some(({ extension }) => outcome.ok.has(extension)),
		trigger_down_ms: openedAt - killedAt,
		cold_start: cold,
		branches: {
			mints: branches.map(mintsOf),
			unauthorized: ofBranches.map(({ unauthorized }) => unauthorized),
		},
	};
	explain(result);
	const problems = problemsOf(result);
	return problems.length > 0 ? { ...result, problems } : result;
}

/** The PBX that is called, and those of the branches; all have the same client ID, none the same secret. */
async function startPbxs(count: number): Promise<[Pbx, ...Pbx[]]> {
	const options = {
		fqdn: 'pbx.example.com',
		latencyMs: LATENCY_MS,
		calls: { ringTimeoutMs: RING_TIMEOUT_MS },
	};
	const office = await startPbx(options);
	const branches = await Promise.all(
		Array.from({ length: BRANCHES }, async () => await startPbx(options)),
	);
	for (const pbx of [office, ...branches]) addExtensions(pbx, count);
	return [office, ...branches];
}

async function saveCredentials(api: N8nApi, office: Pbx, branches: Pbx[]): Promise<Credentials> {
	const save = async (name: string, fields: Record<string, string>) =>
		await api.saveCredential(name, CREDENTIAL_TYPE, fields);
	/** An expression that chooses by the extension in the node's input item. */
	const byExtension = (values: string[]) =>
		`={{ ${JSON.stringify(values)}[Number($json.Number) % ${values.length}] }}`;
	return {
		office: await save('Office', {
			pbxUrl: office.url,
			clientId: office.defaultClient.clientId,
			clientSecret: office.defaultClient.clientSecret,
		}),
		branches: await save('Branches', {
			pbxUrl: byExtension(branches.map(({ url }) => url)),
			clientId: byExtension(branches.map(({ defaultClient }) => defaultClient.clientId)),
			clientSecret: byExtension(branches.map(({ defaultClient }) => defaultClient.clientSecret)),
		}),
	};
}

/** Many executions at once on all workers while no process and no store has a token. */
async function coldStart(
	api: N8nApi,
	credentials: Credentials,
	office: Pbx,
): Promise<Result['cold_start']> {
	const workflow = await api.saveWorkflow(coldWorkflow(credentials));
	const known = new Set((await api.executions(workflow.id)).map(({ id }) => id));
	await api.publish(workflow);
	await Promise.all(
		Array.from({ length: COLD_EXECUTIONS }, async (_, index) => {
			const answer = await fetch(`${api.baseUrl}/webhook/${COLD_PATH}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				// In short runs there are fewer extensions than executions.
				body: JSON.stringify({ extension: extensionOf(index % 10) }),
			});
			if (!answer.ok) throw new Error(`The webhook answered ${answer.status}`);
		}),
	);
	const ended = await api.endedExecutions(workflow.id, COLD_EXECUTIONS, known, 60_000);
	await api.unpublish(workflow.id);
	const failed = ended.filter(({ status }) => status !== 'success');
	for (const { id } of failed.slice(0, 5)) {
		say(`              execution ${id}: ${(await api.execution(id)).error}`);
	}
	return {
		executions: COLD_EXECUTIONS,
		ok: ended.length - failed.length,
		mints: mintsOf(office),
		unauthorized: tallyTokens([office])[0]!.unauthorized,
	};
}

/** Somebody else uses the same client ID, which ends everybody's token; and the trigger's socket. */
async function mintElsewhere({ url, defaultClient }: Pbx): Promise<void> {
	await fetch(`${url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: defaultClient.clientId,
			client_secret: defaultClient.clientSecret,
			grant_type: 'client_credentials',
		}),
	});
}

const mintsOf = ({ mints, defaultClient }: Pbx): number => mints[defaultClient.clientId] ?? 0;

/** @returns when the first Call Control socket was opened after a time; both in ms since the epoch */
async function socketOpenedAfter({ requests }: Pbx, after: number): Promise<number> {
	for (let waited = 0; waited < 60_000; waited += 100) {
		const opened = requests.find(({ status, at }) => status === 101 && at.getTime() > after);
		if (opened) return opened.at.getTime();
		await delay(100);
	}
	throw new Error('The trigger has not come back within a minute after main was ready');
}

/** The workflow's executions of this run, once no more of them end. */
async function settled(api: N8nApi, workflowId: string, known: ReadonlySet<string>) {
	let fresh: ExecutionSummary[] = [];
	let ended = -1;
	for (let changedAt = Date.now(); Date.now() - changedAt < SETTLE_MS; await delay(1_000)) {
		fresh = (await api.allExecutions(workflowId)).filter(({ id }) => !known.has(id));
		const now = fresh.filter(hasEnded).length;
		if (now === fresh.length) break;
		if (now !== ended) changedAt = Date.now();
		ended = now;
	}
	return fresh;
}

/** Says in words what the numbers mean where they are not what one would wish. */
function explain({ abandoned, lost_with_worker, repeated, unauthorized }: Result): void {
	if (abandoned > 0) {
		say(
			`Note          ${abandoned} executions were on the worker when it was killed. n8n runs none of them again (it sets Bull's maxStalledCount to 0): ${lost_with_worker} calls were lost that way, the others still rang when main came back and were told again.`,
		);
	}
	if (repeated > 0) {
		say(
			`Note          ${repeated} calls were told twice: their execution was under way when main was killed, and their phone still rang when it came back.`,
		);
	}
	if (unauthorized > 0) {
		say(
			`Note          ${unauthorized} requests carried a token that had just been replaced by somebody else; each was sent again with the new one.`,
		);
	}
}

/** What fell short, in words. */
function problemsOf(result: Result): string[] {
	const { calls, executions_ok, lost, mints, cold_start, branches } = result;
	const checks: Array<[boolean, string]> = [
		[lost === 0, `${lost} calls were lost`],
		[
			executions_ok + result.lost_with_worker === calls,
			`only ${executions_ok} of ${calls} calls were dealt with`,
		],
		[mints <= MOST_MINTS, `${mints} tokens were minted`],
		[result.wrong_tenant_tokens === 0, 'a PBX was sent the token of another one'],
		[result.trigger_recovered, 'the trigger did not recover'],
		[
			cold_start.ok === cold_start.executions,
			`${cold_start.executions - cold_start.ok} executions failed in the cold start`,
		],
		[
			branches.mints.every((count) => count <= MOST_MINTS),
			`the branches minted ${branches.mints.join(', ')} tokens`,
		],
	];
	return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

void main()
	.catch((error: unknown) => {
		const { message, cause } = error as Error;
		process.stderr.write(`${[message, cause].filter(Boolean).map(String).join(': ')}\n`);
		return 2;
	})
	.then((code) => process.exit(code));
