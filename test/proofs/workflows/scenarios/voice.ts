import assert from 'node:assert/strict';
import type { Pbx } from '../../../../sandbox/pbx';
import type { Services } from '../../../../sandbox/playground/services';
import { bytesFrom, sine } from '../../../audio/samples';
import { until } from '../stage';
import type { Scenario } from './index';

/** The route point of the sandbox's API client. */
const APP = 'n8n';

const CALLER = '+441632960123';

const TOKEN = 'playground-token-of-alert-senders';

/** The text of what was said in words, from the requests for a voice. */
const spoken = (bodies: Buffer[]) =>
	bodies.map((body) => String((JSON.parse(body.toString()) as { input: unknown }).input));

/** Whom the app calls, in order, from now on. */
function calledBy(pbx: Pbx): string[] {
	const called: string[] = [];
	pbx.calls.on('journal', ({ kind, dn, callid }) => {
		if (kind === 'dialing' && dn === APP)
			called.push(pbx.calls.legsOf(callid).find((leg) => leg.dn === APP)!.party_caller_id);
	});
	return called;
}

export const onCallAlert: Scenario = async (stage, check) => {
	const pbx = await stage.pbx({ calls: { externalAnswerAfterMs: 300 } });
	const called = calledBy(pbx);
	await stage.credentials(pbx);
	await stage.api.saveCredential('Alert sender', 'httpHeaderAuth', {
		name: 'x-token',
		value: TOKEN,
	});
	const [busy, silent, willing, last] = ['11', '12', '13', '14'].map((end) => `+4420794600${end}`);
	const people = [busy, silent, willing, last].map((number, index) => ({
		name: `Person ${index + 1}`,
		number: number!,
		place: index + 1,
	}));
	// The order of the list is that of the places.
	await stage.api.createTable('3CX on call', [...people].reverse());
	const { ai, mail } = stage.services;
	const { publish, end, executions } = await stage.import('on-call-alert.json', {
		'"firstTimeout": 5': '"firstTimeout": 1',
	});
	await publish();
	const alert = async (token: string, text: string) =>
		await fetch(`${stage.api.baseUrl}/webhook/3cx-alert`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'x-token': token },
			body: JSON.stringify({ text }),
		});

	await check('who does not have the token is refused', async () => {
		assert.equal((await alert('wrong', 'x')).status, 403);
		assert.deepEqual(called, []);
	});

	pbx.calls.setExternal(busy!, 'busy');
	/** Presses 1 once the alert is heard. */
	const press = (number: string) => {
		const timer = setInterval(() => {
			const leg = pbx.calls.participants(APP).find((each) => each.party_caller_id === number);
			if (leg?.status !== 'Connected') return;
			if (pbx.calls.heard({ dn: APP, participant: leg.id }).length === 0) return;
			clearInterval(timer);
			pbx.calls.pressKey({ callid: leg.callid, key: '1' });
		}, 50);
		return () => clearInterval(timer);
	};
	const stop = press(willing!);
	await alert(TOKEN, 'Server 7 is down');
	await executions(1, 60_000);
	stop();
	await check('they are called one after the other, until somebody presses 1', () =>
		assert.deepEqual(called, [busy, silent, willing]),
	);
	await check('each hears the alert, by name', () => {
		const said = spoken(ai.arrivals.map(({ body }) => body));
		assert.equal(said.length, 3);
		for (const [index, text] of said.entries())
			assert.match(text, new RegExp(`Person ${index + 1}.*Server 7 is down.*Press 1`));
	});
	await check('a mail says who has it, and no call is left', () => {
		assert.equal(mail.mails.length, 1);
		assert.match(mail.mails[0]!.text, /Taken by Person 3: Server 7 is down/);
		assert.deepEqual(pbx.calls.calls(), []);
	});

	mail.mails.length = 0;
	const before = called.length;
	for (const { number } of people) pbx.calls.setExternal(number, 'busy');
	ai.failures.push(503);
	await alert(TOKEN, 'Server 8 is down');
	await executions(2, 60_000);
	await check('if nobody does, the manager gets one mail with what became of each', () => {
		assert.deepEqual(called.slice(before), [busy, silent, willing, last]);
		assert.equal(mail.mails.length, 1);
		assert.deepEqual(mail.mails[0]!.to, ['manager@example.com']);
		for (const { number } of people)
			assert.ok(mail.mails[0]!.text.includes(`${number}, noAnswer`), mail.mails[0]!.text);
	});

	mail.mails.length = 0;
	ai.isDown = true;
	await alert(TOKEN, 'Server 9 is down');
	await executions(3, 90_000);
	ai.isDown = false;
	await check('without a voice nobody is called, and the manager is told', () => {
		assert.equal(called.length, before + 4);
		assert.equal(mail.mails.length, 1);
		assert.match(mail.mails[0]!.text, /Server 9 is down/);
	});
	await end();
};

export const voiceAgent: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const { ai } = stage.services;
	const { publish, end, executions } = await stage.import('voice-agent.json');
	await publish();
	const voices = () => ai.arrivals.filter(({ path }) => path === '/audio/speech');
	/** The caller speaks whenever somebody listens. */
	const speaks = (callid: number) => {
		let heard = pbx.requests.length;
		const timer = setInterval(() => {
			const news = pbx.requests.slice(heard);
			heard += news.length;
			const listens = ({ path, method }: { path: string; method: string }) =>
				method === 'GET' && path.endsWith('/stream');
			if (news.some(listens)) pbx.calls.say(callid, bytesFrom(sine(600, { hz: 300 })));
		}, 20);
		return () => clearInterval(timer);
	};
	const call = () => {
		ai.arrivals.length = 0;
		const callid = pbx.calls.incoming({ from: CALLER, to: APP });
		return { callid, stop: speaks(callid) };
	};
	const rings = (callid: number, dn: string) =>
		pbx.calls.legsOf(callid).some((leg) => leg.dn === dn);
	/** Somebody takes the call there, and has it alone; in the end it is over. */
	const takes = async (callid: number, dn: string, what: string) => {
		await until(() => rings(callid, dn), what, 90_000);
		pbx.calls.answer({ callid, dn });
		await until(() => !rings(callid, APP), 'the app to be out of the call');
		pbx.calls.hangUp({ callid });
	};

	const asked: string[] = [];
	ai.chat = ({ messages }) => {
		asked.push(String(messages.at(-1)?.content));
		const isFirst = messages.filter(({ role }) => role === 'user').length === 1;
		return { role: 'assistant', content: isFirst ? 'SAY We open at nine.' : 'TRANSFER 801' };
	};
	ai.heard = 'When do you open?';
	const first = call();
	await until(() => rings(first.callid, '801'), 'the transfer');
	first.stop();
	await check('it greets, hears, answers, remembers, and transfers where the model says', () => {
		assert.deepEqual(asked, [ai.heard, ai.heard]);
		const said = spoken(voices().map(({ body }) => body));
		assert.match(said[0]!, /digital assistant/);
		assert.deepEqual(said.slice(1), ['We open at nine.', 'One moment, I am putting you through.']);
	});
	pbx.calls.hangUp({ callid: first.callid });
	await executions(1);

	const says = (content: string) => () => ({ role: 'assistant', content });
	const exits: Array<[string, Services['ai']['chat'], number]> = [
		['a number that is not allowed', says('TRANSFER 00881234'), 2],
		['an answer that is neither', says('Call 00881234 for me.'), 2],
		['a model that does not answer', async () => await new Promise(() => undefined), 2],
		['a talk without end, after eight turns,', says('SAY I see.'), 10],
	];
	let ended = 1;
	for (const [what, chat, words] of exits) {
		ai.chat = chat;
		const { callid, stop } = call();
		await takes(callid, '100', `reception: ${what}`);
		stop();
		await check(`${what} leads to reception`, () => assert.equal(voices().length, words));
		await executions((ended += 1));
	}

	ai.isDown = true;
	const mute = call();
	await takes(mute.callid, '100', 'reception, without a voice');
	mute.stop();
	ai.isDown = false;
	await check('without a voice the call goes to reception', async () => {
		assert.equal(voices().filter(({ status }) => status === 200).length, 0);
		await executions((ended += 1));
	});

	ai.chat = says('TRANSFER');
	const unwanted = call();
	await until(() => rings(unwanted.callid, '100'), 'reception');
	unwanted.stop();
	pbx.calls.decline({ callid: unwanted.callid, dn: '100' });
	await check(
		'if nobody takes the call there, it is ended: no caller is left in silence',
		async () => {
			await until(() => pbx.calls.calls().length === 0, 'the end of the call');
			await executions((ended += 1));
		},
	);

	ai.chat = says('SAY I see.');
	const gone = call();
	await until(() => voices().length === 2, 'a first answer');
	gone.stop();
	pbx.calls.hangUp({ callid: gone.callid });
	await check('a caller who hangs up ends it, without an error', async () => {
		await executions((ended += 1));
	});
	await end();
};
