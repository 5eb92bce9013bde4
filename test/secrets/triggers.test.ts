import { closeDispatchers } from '../../lib/http/dispatchers';
import { HIDDEN } from '../../lib/xapi/secrets';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import { Collector } from '../callcontrol/collector';
import { CredentialStore } from '../support/n8n';
import { published } from '../support/pollHarness';
import { activate, type Emitted } from '../support/triggerHarness';
import { linesSoFar } from '../support/watch';
import { ANSWERS, startEvilPbx, type EvilPbx } from './evilPbx';
import { DISGUISES, leaksIn } from './leaks';

/** Triggers that listen to a PBX that says again what it was told: their events, items, errors and log lines. */

let pbx: EvilPbx;
const closers: Array<() => Promise<void>> = [];

beforeEach(async () => {
	pbx = await startEvilPbx();
});

afterEach(async () => {
	for (const close of closers.splice(0)) await close();
	await closeDispatchers();
	await pbx.close();
});

const leaks = (shown: unknown) => leaksIn(shown, [...pbx.tokens, pbx.clientSecret]);

/** The log of the nodes, without what n8n-core writes. */
const log = () => linesSoFar().filter(([line]) => String(line).startsWith('3CX'));

/** A trigger as n8n publishes it when it starts: what fails is not thrown, but told in the log. */
async function listening(events: string[]): Promise<Collector<Emitted>> {
	const emitted = new Collector<Emitted>();
	const { clientId, clientSecret } = pbx;
	const { response } = await activate(
		{
			type: ThreeCxTrigger,
			credentials: new CredentialStore({ pbxUrl: pbx.server.origin, clientId, clientSecret }),
			parameters: { events },
			onEmit: emitted.push,
		},
		'init',
	);
	closers.push(async () => await response.closeFunction?.());
	return emitted;
}

const polling = (events: string[], activation: 'activate' | 'init') => {
	const { clientId, clientSecret } = pbx;
	return published(
		{ url: pbx.server.origin, defaultClient: { clientId, clientSecret } as never },
		{ events },
		{ activation },
	);
};

/** The socket opens; all else is answered so. */
const letIn =
	(answer: EvilPbx['answer']): EvilPbx['answer'] =>
	(heard, request) =>
		request.url === undefined ? { status: 200, body: '' } : answer(heard, request);

/** What hides every disguise is tested in `echo.test.ts`; here, that it is in the way of all that triggers say. */
const SOME = ['as it is', 'in base64'].map((name) => [name, DISGUISES[name]!] as const);

describe.each(SOME)('a PBX that echoes %s', (_, disguise) => {
	test.each(
		Object.entries(ANSWERS).flatMap(([name, answer]) => [
			[`${name} to the socket`, answer] as const,
			[`${name} to what is asked over the open link`, letIn(answer)] as const,
		]),
	)('in %s: neither the events nor the log of the trigger show it', async (__, answer) => {
		Object.assign(pbx, { disguise, answer });
		const emitted = await listening(['connectionLost']);
		const { items } = await emitted.first(() => true, 'connectionLost');
		expect(items[0]!.json).toMatchObject({
			event: 'connectionLost',
			reason: expect.stringMatching(/./) as string,
		});
		expect(log().length).toBeGreaterThan(0);
		expect(leaks([items, log()])).toEqual([]);
	});

	test.each(Object.entries(ANSWERS))(
		'in %s: neither the error nor the log of the poller show it',
		async (__, answer) => {
			Object.assign(pbx, { disguise, answer });
			const error = await polling(['recordingAvailable'], 'activate')
				.poll()
				.catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(Error);
			expect(await polling(['recordingAvailable'], 'init').poll()).toEqual([]);
			expect(log()).toHaveLength(1);
			expect(leaks([error, log()])).toEqual([]);
		},
	);
});

/** Rows and messages with what the PBX was told, and with secrets that it has of its own. */
const holding = (heard: string) => ({ said: heard, deep: [{ AuthPassword: 'its own', PIN: 1 }] });

test('a message of the socket shows no secret', async () => {
	pbx.answer = (heard, { url = '' }) =>
		url.includes('/callcontrol')
			? { status: 200, body: [] }
			: { status: 200, body: { value: [holding(heard)] } };
	// It says each secret as it is, and as the value of a property that is one by its name.
	pbx.disguise = (secret) => secret;
	pbx.message = (heard) => ({ sequence: 1, ...holding(heard.join(' ')) });
	const emitted = await listening(['raw']);
	const { items } = await emitted.first(() => true, 'the message');
	expect(items[0]!.json.message).toMatchObject({
		said: '[hidden] [hidden]',
		deep: [{ AuthPassword: HIDDEN }],
	});
	expect(leaks(items)).toEqual([]);
});

test('what the poller finds shows no secret', async () => {
	const StartTime = new Date().toISOString();
	pbx.answer = (_, { headers }) => ({
		status: 200,
		body: {
			value: [{ Id: 1, StartTime, EndTime: StartTime, ...holding(String(headers.authorization)) }],
		},
	});
	const found = await polling(['recordingAvailable'], 'activate').test();
	expect(found.map(({ json }) => json)).toEqual([
		expect.objectContaining({
			event: 'recordingAvailable',
			said: 'Bearer [hidden]',
			deep: [{ AuthPassword: HIDDEN, PIN: 1 }],
		}),
	]);
	expect(leaks(found)).toEqual([]);
});
