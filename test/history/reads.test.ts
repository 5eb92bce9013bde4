import { closeDispatchers } from '../../lib/http/dispatchers';
import { advance, beginAt } from '../../lib/history/cursor';
import { readCalls } from '../../lib/history/reads';
import { clientAt } from '../support/fixedToken';
import { startRecordingPbx } from '../support/recordingPbx';

/** Which calls are over. Rows of a call come as its legs end, and the numbers of active calls are not always its own. */

const NOON = Date.parse('2026-11-02T12:00:00Z');
const MINUTE = 60_000;
const at = (minutes: number) => new Date(NOON + minutes * MINUTE).toISOString();

/** A call of one leg that rang at noon and lasted a minute. */
const row = {
	CallId: 5,
	MainCallHistoryId: 'A',
	CdrId: 'a',
	StartTime: at(0),
	TalkingDuration: 'PT60S',
	Answered: true,
};

/** What is told of the call by a poll at a minute past noon, while such calls are active. */
async function stateAt(minute: number, active: object[] | 'forbidden'): Promise<string> {
	const pbx = await startRecordingPbx(({ path }) => {
		if (!path.startsWith('/xapi/v1/ActiveCalls')) return [200, { value: [row] }];
		return active === 'forbidden' ? [403] : [200, { value: active }];
	});
	try {
		const now = NOON + minute * MINUTE;
		const found = await readCalls(clientAt(pbx.url), { from: NOON - MINUTE, to: now }, now);
		const { fresh } = advance(beginAt(NOON - MINUTE), found, { overlapMs: 60 * MINUTE, now });
		expect(found).toHaveLength(1);
		return fresh.length === 1 ? 'told' : 'held back';
	} finally {
		await closeDispatchers();
		await pbx.close();
	}
}

test.each<[string, number, object[] | 'forbidden', string]>([
	['no call is active', 3, [], 'told'],
	['active calls may not be read', 3, 'forbidden', 'told'],
	['the call goes on', 3, [{ Id: 5, EstablishedAt: at(0.1) }], 'held back'],
	[
		'it was taken by the next one a moment later',
		3,
		[{ Id: 5, EstablishedAt: at(1.1) }],
		'held back',
	],
	[
		'it has waited nine minutes for the next one',
		15,
		[{ Id: 5, EstablishedAt: at(9) }],
		'held back',
	],
	['it goes on for an hour', 60, [{ Id: 5, EstablishedAt: at(0.1) }], 'held back'],
	['it waits in a queue', 3, [{ Id: 5, LastChangeStatus: at(1) }], 'held back'],
	['the PBX tells no times', 3, [{ Id: 5 }], 'held back'],
	['its number was given to a later call', 20, [{ Id: 5, EstablishedAt: at(19) }], 'told'],
	['the number is that of a call from before', 3, [{ Id: 5, EstablishedAt: at(-30) }], 'told'],
	['that one still waits', 3, [{ Id: 5, LastChangeStatus: at(-30) }], 'told'],
	['another call goes on', 3, [{ Id: 6, EstablishedAt: at(0.1) }], 'told'],
])('while %s, a call of noon is read at minute %d: %j', async (_, minute, active, expected) => {
	expect(await stateAt(minute, active)).toBe(expected);
});
