import { CallProgress, type Followed } from '../../lib/callcontrol/calls/progress';
import { CallTracker, type Change } from '../../lib/callcontrol/calls/tracker';
import { isCall, removed, upsert } from './samples';

/** How far a call has come, told by the real tracker on a clock that counts events. */
function follow(followed: Partial<Followed> = {}) {
	let now = 0;
	const tracker = new CallTracker(() => now);
	const progress = new CallProgress({
		dn: '100',
		participant: 1,
		callid: 7,
		destination: '101',
		isTransfer: false,
		...followed,
	});
	const happens = (...changes: Change[]) => {
		for (const change of changes) {
			now += 1;
			for (const event of tracker.apply(change).filter(isCall)) progress.apply(event);
		}
		return progress.stage;
	};
	return { progress, happens };
}

const inside = { party_dn_type: 'Wextension', party_caller_id: '101', party_dn: '101' };
const own = (status: string, more = {}) =>
	upsert({ status, originated_by_dn: '100', ...inside, ...more });
const callee = (status: string, more = {}) =>
	upsert({ id: 2, dn: '101', status, ...inside, party_dn: '100', party_caller_id: '100', ...more });

describe('a call that is made', () => {
	test('rings, is answered by the one who was called, and ends with its last leg', () => {
		const { progress, happens } = follow();
		expect(progress.isSeen).toBe(false);
		expect(progress.stage).toBeUndefined();
		expect(happens(own('Dialing'))).toBe('ringing');
		expect(progress.isSeen).toBe(true);
		expect(happens(callee('Ringing'))).toBe('ringing');
		expect(happens(callee('Connected'))).toBe('answered');
		expect(progress.answeredBy).toBe('101');
		expect(happens(removed('101', 2))).toBe('answered');
		expect(happens(removed('100', 1))).toBe('ended');
		expect(progress.reachedAt).toEqual({ ringing: 1, connected: 3, answered: 3, ended: 5 });
	});

	test('a stage does not go back when a phone rings again, and keeps its first time', () => {
		const { progress, happens } = follow();
		happens(own('Dialing'), own('Connected'));
		const stage = progress.stage;
		expect(happens(callee('Ringing'))).toBe(stage);
		expect(progress.reachedAt.ringing).toBe(1);
	});

	test('a menu that picks up connects the call and answers nothing', () => {
		const menu = { party_dn_type: 'Wivr', party_dn: '888', party_caller_id: '888' };
		const { progress, happens } = follow({ destination: '888' });
		expect(happens(own('Dialing', menu), own('Connected', menu))).toBe('connected');
		expect(progress.answeredBy).toBeUndefined();
	});

	test('to the outside it is answered by the number that was called', () => {
		const line = { party_dn_type: 'Wexternalline', party_dn: '10000', party_caller_id: '+4930123' };
		const { progress, happens } = follow({ destination: '+4930123' });
		expect(happens(own('Dialing', line), own('Connected', line))).toBe('answered');
		expect(progress.answeredBy).toBe('+4930123');
	});

	test('seemed to be over, and goes on where there is another leg', () => {
		const { progress, happens } = follow();
		happens(own('Dialing'), removed('100', 1));
		expect(progress.stage).toBe('ended');
		expect(happens(callee('Ringing'))).toBe('ringing');
		expect(progress.hasReached('ended')).toBe(false);
	});

	test('without a known number it is the one that this DN starts, and no other from then on', () => {
		const { progress, happens } = follow({ callid: undefined, participant: undefined });
		expect(happens(callee('Ringing', { callid: 4, dn: '105', party_dn: '101' }))).toBeUndefined();
		const foreign = { originated_by_dn: '', party_dn: '105', party_caller_id: '105' };
		expect(happens(upsert({ callid: 5, id: 3, ...inside, ...foreign }))).toBeUndefined();
		expect(happens(callee('Ringing', { callid: 6 }))).toBeUndefined();
		expect(happens(own('Dialing', { callid: 9 }))).toBe('ringing');
		expect(progress.callid).toBe(9);
		expect(happens(callee('Connected', { callid: 6 }))).toBe('ringing');
	});

	test.each([
		['starter', { originated_by_dn: '100', party_dn: '10000', party_caller_id: '+4930123' }],
		['party', { party_dn: '101', party_caller_id: '' }],
		['number', { party_dn: '10000', party_caller_id: '101' }],
	])('is known by its %s, too, where its number is not known', (_name, fields) => {
		const { happens } = follow({ callid: undefined });
		expect(happens(upsert({ status: 'Dialing', ...fields }))).toBe('ringing');
	});

	test('with a known number it is no other, whoever starts it and wherever it goes', () => {
		const { happens } = follow();
		expect(happens(own('Dialing', { callid: 9 }))).toBeUndefined();
	});

	test('is not rung by a phone of the caller that rings before it dials, whichever it is', () => {
		const { progress, happens } = follow();
		expect(happens(own('Ringing', { id: 5 }))).toBeUndefined();
		expect(progress.isSeen).toBe(true);
		expect(happens(own('Dialing', { id: 5 }))).toBe('ringing');
	});

	test('comes no further by a leg that dials on, or by a phone that rings while another one answers', () => {
		const { progress, happens } = follow();
		const colleague = (status: string) => callee(status, { id: 3, dn: '102' });
		expect(happens(callee('Dialing'))).toBeUndefined();
		expect(happens(callee('Ringing'), colleague('Ringing'))).toBe('ringing');
		expect(happens(colleague('Connected'))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('never seems to have failed as a transfer, or to be out of sight', () => {
		const { progress, happens } = follow();
		happens(own('Dialing'), callee('Ringing'), removed('101', 2));
		expect(progress.seemsToHaveFailed).toBe(false);
		happens(removed('100', 1));
		expect(progress.isOutOfSight).toBe(false);
	});
});

describe('a call that is transferred', () => {
	const transfer = { isTransfer: true, destination: '102' };
	/** The one who is sent on: a colleague at 101. */
	const party = (status = 'Connected', more = {}) => callee(status, more);
	const target = (status: string, more = {}) =>
		upsert({ id: 3, dn: '102', status, ...inside, party_dn: '101', legid: 3, ...more });
	const talking = [own('Connected'), party()];

	test('has been there before; the one who is sent on answers nothing', () => {
		const { progress, happens } = follow(transfer);
		expect(progress.isSeen).toBe(true);
		expect(happens(...talking)).toBeUndefined();
		expect(progress.answeredBy).toBeUndefined();
	});

	test('rings at its destination and is answered there', () => {
		const { progress, happens } = follow(transfer);
		expect(happens(...talking, target('Ringing'))).toBe('ringing');
		expect(happens(target('Connected'))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('is answered by whoever it was sent on to by this DN, under whatever number', () => {
		const { progress, happens } = follow({ ...transfer, destination: '800' });
		expect(happens(...talking, target('Connected', { referred_by_dn: '100' }))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('is answered at its destination also where the one who is sent on is heard of later', () => {
		const { progress, happens } = follow(transfer);
		happens(own('Connected'), target('Ringing'), party());
		expect(happens(target('Connected'))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('to a menu it is connected and not answered', () => {
		const { happens } = follow({ ...transfer, destination: '888' });
		const menu = { dn: '888', party_dn_type: 'Wivr' };
		expect(happens(...talking, target('Connected', menu))).toBe('connected');
	});

	test('counts who is connected once the one who sent it is gone', () => {
		const { progress, happens } = follow({ ...transfer, destination: '800' });
		expect(happens(...talking, target('Connected'))).toBeUndefined();
		expect(happens(removed('100', 1))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('seems to have failed when it rings no more and the one who sent it is still there', () => {
		const { progress, happens } = follow(transfer);
		happens(...talking);
		expect(progress.seemsToHaveFailed).toBe(false);
		happens(target('Ringing'));
		expect(progress.seemsToHaveFailed).toBe(false);
		happens(removed('102', 3));
		expect(progress.seemsToHaveFailed).toBe(true);
	});

	test('has not failed while one of its phones rings', () => {
		const { progress, happens } = follow(transfer);
		happens(...talking, target('Ringing'), target('Ringing', { id: 4 }), removed('102', 3));
		expect(progress.seemsToHaveFailed).toBe(false);
		happens(removed('102', 4));
		expect(progress.seemsToHaveFailed).toBe(true);
	});

	test('is not answered by the one who called and is sent on to somebody whom nobody sees', () => {
		const { progress, happens } = follow({ ...transfer, destination: '+4930123' });
		happens(own('Connected'), party('Dialing'), party());
		expect(happens(removed('100', 1))).toBe('answered');
		expect(progress.answeredBy).toBeUndefined();
	});

	test('is answered by the one who talks to the caller outside', () => {
		const { progress, happens } = follow({ ...transfer, destination: '800' });
		const caller = { party_dn_type: 'Wexternalline', party_dn: '10000' };
		expect(happens(own('Connected', caller), target('Connected', caller))).toBeUndefined();
		expect(happens(removed('100', 1))).toBe('answered');
		expect(progress.answeredBy).toBe('102');
	});

	test('is not out of sight when a menu has taken it', () => {
		const { progress, happens } = follow({ ...transfer, destination: '888' });
		const menu = target('Connected', { dn: '888', party_dn_type: 'Wivr' });
		expect(happens(own('Connected'), menu, removed('888', 3), removed('100', 1))).toBe('ended');
		expect(progress.isOutOfSight).toBe(false);
	});

	test('has not failed when it was connected, or the one who sent it is gone', () => {
		const connected = follow(transfer);
		connected.happens(...talking, target('Ringing'), target('Connected'));
		expect(connected.progress.seemsToHaveFailed).toBe(false);
		const gone = follow(transfer);
		gone.happens(own('Connected'), target('Ringing'), removed('102', 3), removed('100', 1));
		expect(gone.progress.seemsToHaveFailed).toBe(false);
	});

	test('is out of sight when its last leg goes and nothing has rung', () => {
		const { progress, happens } = follow(transfer);
		happens(own('Connected'));
		expect(progress.isOutOfSight).toBe(false);
		expect(happens(removed('100', 1))).toBe('ended');
		expect(progress.isOutOfSight).toBe(true);
		const rang = follow(transfer);
		rang.happens(own('Connected'), target('Ringing'), removed('102', 3), removed('100', 1));
		expect(rang.progress.isOutOfSight).toBe(false);
	});

	test('a second leg of the DN that sends it on is not its own', () => {
		const { progress, happens } = follow({ ...transfer, destination: '100' });
		happens(...talking);
		expect(progress.own?.id).toBe(1);
		expect(happens(own('Ringing', { id: 4, originated_by_dn: '' }))).toBe('ringing');
		expect(progress.own?.id).toBe(1);
	});
});
