import { pendingAnswer, wordOf, type Word } from '../../lib/callcontrol/calls/answer';
import { amongAwaited } from '../../lib/callcontrol/rest/awaited';
import { MAX_AWAITED } from '../../lib/http/dispatchers';
import { ThreeCxError, type ErrorDetails } from '../../lib/http/errors';
import { errorFromNetwork } from '../../lib/http/networkErrors';
import { errorFromResponse } from '../../lib/http/responseErrors';

const request = 'POST /callcontrol/100/participants/1/transferto';

/** What a PBX answers, as the client reads it. */
const refusal = (status: number, reason = '', reasontext = '') =>
	errorFromResponse({
		request,
		status,
		headers: {},
		text: JSON.stringify({ finalstatus: 'Failed', reason, reasontext }),
	});
const network = (code: string) =>
	errorFromNetwork(Object.assign(new Error(code), { code }), 'https://pbx.example.com', request);
const final = (more: Partial<ErrorDetails>) =>
	new ThreeCxError({ kind: 'impossible', message: '', hint: '', status: 200, ...more });

test.each<[string, unknown, Word]>([
	['424 with a reason', refusal(424, 'PhoneBusy'), 'busy'],
	['424 with words', refusal(424, 'None', 'Destination is BUSY'), 'busy'],
	['424, unavailable', refusal(424, '', 'Destination unavailable'), 'unavailable'],
	['424, not registered', refusal(424, 'PhoneNotRegistered'), 'unavailable'],
	['424, no destination left', refusal(424, 'NoDestinations'), 'unavailable'],
	['424, no answer', refusal(424, 'NoAnswer', 'no answer'), 'returned'],
	['424 without a word', refusal(424), 'returned'],
	['another status with the word', refusal(409, '', 'busy'), 'busy'],
	['200, failed', final({ code: 'NoAnswer' }), 'returned'],
	['200, failed, busy', final({ code: 'PhoneBusy' }), 'busy'],
	['200, failed, in words', final({ said: 'The phone is unavailable' }), 'unavailable'],
	['422', refusal(422, 'NoDestinations', '4 is no DN'), 'unavailable'],
	['422 at the wrong time', refusal(422, '', 'it is Ringing'), 'refused'],
	['404', refusal(404, '', 'unavailable'), 'refused'],
	['403', refusal(403), 'refused'],
	['500', refusal(500, '', 'busy'), 'refused'],
	['503', refusal(503), 'refused'],
	['504', refusal(504), 'noNews'],
	['time-out', network('UND_ERR_HEADERS_TIMEOUT'), 'noNews'],
	['reset', network('ECONNRESET'), 'noNews'],
	['no connection in time', network('UND_ERR_CONNECT_TIMEOUT'), 'refused'],
	['no connection', network('ECONNREFUSED'), 'refused'],
	['anything else', new Error('busy'), 'refused'],
])('what a failed transfer says: %s', (_, error, word) => {
	expect(wordOf(error)).toBe(word);
});

test('an answer is watched without being waited for', async () => {
	const error = refusal(424, 'PhoneBusy');
	let fail: (error: Error) => void = () => undefined;
	const answer = pendingAnswer(new Promise((_, reject) => (fail = reject)));
	expect(answer.word).toBeUndefined();
	const arrived = new Promise((resolve) => answer.arrived.addEventListener('abort', resolve));
	fail(error);
	await arrived;
	expect(answer).toMatchObject({ word: 'busy', error });
});

test('no more than a hundred wait for one PBX; another PBX has its own', async () => {
	const ends: Array<() => void> = [];
	const hang = async () => await new Promise<void>((resolve) => ends.push(resolve));
	const waiting = Array.from({ length: MAX_AWAITED }, async () => await amongAwaited('a', hang));
	await expect(amongAwaited('a', hang)).rejects.toMatchObject({
		kind: 'rateLimited',
		hint: expect.stringContaining('Nothing was sent'),
	});
	await expect(amongAwaited('b', async () => await Promise.resolve(1))).resolves.toBe(1);
	for (const end of ends) end();
	await Promise.all(waiting);
	await expect(amongAwaited('a', async () => await Promise.resolve(2))).resolves.toBe(2);
});
