import type { ProfileName } from '../../../sandbox/pbx/profiles';

/** The old view goes on in the sandbox, so that a workflow with it can be tried. */
const OLD_VIEW = 'G48: getsNewRows';

const NO_XAPI =
	'G6: Defs, Users, Groups, Queues, Trunks, Contacts, ActiveCalls, EventLogs, Recordings, CallHistoryView, ChatHistoryView, ReportCallLogData';

/** In what each profile of the sandbox is to differ from docs/protocol.md, and in nothing else. */
export const EXPECTED_DIFFERENCES: Readonly<Record<ProfileName, readonly string[]>> = {
	current: [OLD_VIEW],
	older: ['G23: swagger', 'G32: top101', OLD_VIEW],
	otherwise: ['G14: extensions', 'G25: nextLink', 'G34: page', OLD_VIEW],
	admin: [],
	user: [],
	few: ['G11: everyUser', 'G15: list', OLD_VIEW],
	noCallControl: [OLD_VIEW],
	// The role is that of an owner, but the licence or the tick box is missing.
	noXapi: [NO_XAPI],
	unlicensed: [NO_XAPI],
	empty: [],
	silent: ['G4: socket', OLD_VIEW],
	spelt: [
		// What is spelled otherwise does not count as known in a report.
		'G10: types',
		'G11: everyUser',
		'G20: keys, eventKeys, typeIs, dataOfChanges, entities',
		'G21: growsByOne',
		OLD_VIEW,
	],
	proxied: [OLD_VIEW],
	hasty: ['G2: iat', OLD_VIEW],
	failing: [
		'G6: Recordings, CallHistoryView, ReportCallLogData',
		'G33: top500',
		'G37: recordings',
		'G38: day',
		'G39: functionWithoutParameters',
		'G45: zero',
		'G49: zone',
	],
};
