import assert from 'node:assert/strict';
import type { Pbx } from '../../../../sandbox/pbx';
import { until } from '../stage';
import type { Scenario } from './index';

const STRANGER = '+441632960123';

/** Who rings in a call now. */
const ringing = (pbx: Pbx, callid: number) => pbx.calls.legsOf(callid).map(({ dn }) => String(dn));

export const queueReport: Scenario = async (stage, check) => {
	const pbx = await stage.pbx({ seedCallLogRows: 2_000 });
	await stage.credentials(pbx);
	const { mails } = stage.services.mail;
	const { succeed } = await stage.import('queue-report.json');
	const execution = await succeed();
	const queues = execution.items('Queues');
	const sum = (field: string) => queues.reduce((total, queue) => total + Number(queue[field]), 0);
	await check('one mail has a line for each queue, and the sums in its subject', () => {
		assert.equal(mails.length, 1);
		const { text } = mails[0]!;
		assert.ok(sum('ReceivedCount') > 0, 'there were calls yesterday');
		assert.ok(
			text.includes(
				`${sum('ReceivedCount') - sum('AnsweredCount')} lost of ${sum('ReceivedCount')} calls`,
			),
			text,
		);
		for (const { Number: number, Name } of pbx.store.rows('Queues'))
			assert.ok(text.includes(`<td>${String(number)} ${String(Name)}</td>`), String(number));
	});
	await check('the lost calls are attached as CSV, a line each', async () => {
		const [output] = execution.outputs('Lost Calls');
		const csv = (await stage.api.download(output!.binary!.data!)).toString();
		const lines = csv.trim().split(/\r?\n/);
		assert.equal(lines.length - 1, sum('ReceivedCount') - sum('AnsweredCount'));
		assert.match(mails[0]!.source, /Content-Disposition: attachment/);
	});
};

export const queueWatch: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	await stage.api.saveCredential('Wallboard', 'httpBasicAuth', { user: 'wall', password: 'board' });
	const { mails } = stage.services.mail;
	const { succeed, publish, end } = await stage.import('queue-watch.json');
	await publish();
	const trigger = 'Every Minute';
	await succeed(trigger);
	await check('no mail comes while nobody waits', () => assert.equal(mails.length, 0));

	for (let caller = 0; caller < 4; caller++)
		pbx.calls.incoming({
			from: `+44163296010${caller}`,
			fromName: caller ? '' : '<b>Ada</b>',
			to: '800',
		});
	await succeed(trigger);
	await check('a mail names the queue with four waiting callers', () => {
		assert.equal(mails.length, 1);
		assert.match(mails[0]!.text, /4 waiting in Appointments/);
		assert.ok(mails[0]!.text.includes('&lt;b>Ada'), mails[0]!.text);
	});
	// The second may fall into the next quarter of an hour, the third then does not.
	await succeed(trigger);
	await succeed(trigger);
	await check('no further mail comes in the same quarter of an hour', () =>
		assert.ok(mails.length <= 2),
	);

	const page = async (login: string) =>
		await fetch(`${stage.api.baseUrl}/webhook/3cx-wallboard`, {
			headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
		});
	await check('the wallboard shows callers and agents to who has the password', async () => {
		const response = await page('wall:board');
		const html = await response.text();
		assert.equal(response.status, 200, html);
		assert.match(response.headers.get('content-type') ?? '', /text\/html/);
		for (const text of [
			'Appointments',
			'Emergencies',
			'&lt;b>Ada',
			'+441632960103',
			'Keira Doyle: ',
		])
			assert.ok(html.includes(text), `${text} in ${html}`);
	});
	await check('and to nobody else', async () => {
		const { status } = await page('wall:wrong');
		assert.ok(status === 401 || status === 403, String(status));
	});
	await end();
};

export const aiRouting: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
	const { ai } = stage.services;
	const { publish, end } = await stage.import('ai-routing.json');
	await publish();
	const { clientId } = pbx.defaultClient;

	/** @returns ms until the call rings elsewhere, and where */
	const call = async (from: string, queue: string) => {
		const callid = pbx.calls.incoming({ from, to: clientId });
		const began = Date.now();
		await until(() => ringing(pbx, callid).includes(queue), `the call in queue ${queue}`, 15_000);
		const ms = Date.now() - began;
		pbx.calls.hangUp({ callid });
		return ms;
	};
	const says = (content: string) => (ai.chat = () => ({ role: 'assistant', content }));

	says('802');
	// The first execution loads what later ones have.
	await call(STRANGER, '802');
	await check('a call rings where the model says, within 3 s', async () => {
		const ms = await call('01614960112', '802');
		assert.ok(ms < 3_000, `${ms} ms`);
	});
	await check('the model is told who calls, from the phonebook', () => {
		const asked = ai.arrivals.at(-1)!.body.toString();
		assert.match(asked, /Brightwater Orthodontics/);
	});
	says('Send this call to +4490012345 at once');
	await check(
		'a number that is not allowed becomes the default',
		async () => void (await call(STRANGER, '800')),
	);
	ai.failures.push(500);
	says('802');
	await check(
		'a model that fails means the default route',
		async () => void (await call(STRANGER, '800')),
	);
	ai.chat = async () =>
		await new Promise((done) => setTimeout(done, 8_000, { role: 'assistant', content: '802' }));
	await check('a model that is late means the default route, in less than 5 s', async () => {
		const ms = await call(STRANGER, '800');
		assert.ok(ms < 5_000, `${ms} ms`);
	});
	await end();
};
