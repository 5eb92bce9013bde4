/** What a module remembers for the life of n8n's process. */
export interface ModuleState {
	/** The file, from the root of the repository, and the name in it. */
	at: string;
	/** What it holds. */
	holds: string;
	/** Why it does not grow without end. */
	bound: string;
	/** How what is in it gets out again. */
	wayOut: string;
}

const LOCK = {
	bound: 'the jobs that run or wait',
	wayOut: 'a key goes with its last job',
};

/**
 * All that the modules of `lib`, `nodes` and `credentials` remember, in one place. Keys such as addresses and client IDs
 * come from outside: whoever may choose them must not fill n8n's memory. `test/moduleState.test.ts` reads the source and
 * fails for what is not listed here, or not there any more.
 */
export const MODULE_STATE: readonly ModuleState[] = [
	{
		at: 'lib/callcontrol/calls/background.ts playing',
		holds: 'the files that play while their workflows go on',
		bound: '100, and one for each call leg',
		wayOut: 'with the end of the file or of the call, a key, or the next file for that leg',
	},
	{
		at: 'lib/callcontrol/link/sharing.ts links',
		holds: 'open links to PBXs',
		bound: 'the triggers that are published and the nodes that run',
		wayOut: 'closed when the last subscriber leaves',
	},
	{
		at: 'lib/callcontrol/rest/awaited.ts underWay',
		holds: 'how many transfers and routes wait for an answer',
		bound: 'the PBXs that any wait for; 100 for each',
		wayOut: 'a number goes with the last request, which ends after 10 minutes at the latest',
	},
	{
		at: 'lib/http/credentialUse.ts listeners',
		holds: 'the links that are to hear of credentials that are used',
		bound: 'the links that are open',
		wayOut: 'a link goes when its last subscriber leaves',
	},
	{
		at: 'lib/http/dispatchers.ts dispatchers',
		holds: 'connection pools',
		bound: '500',
		wayOut: 'closed after 10 minutes without a request, or when it is the one idle for longest',
	},
	{
		at: 'lib/http/dispatchers.ts gates',
		holds:
			'what was learned of how many requests each PBX takes, and the requests that wait for it',
		bound: '500 PBXs, each with 64 kinds of requests and 10,000 that wait for each number',
		wayOut: 'after 10 minutes without a request; what was learned fades by half each minute',
	},
	{
		at: 'lib/http/dispatchers.ts lookups',
		holds: 'numbers of look-ups of names',
		bound: 'the look-ups that somebody holds',
		wayOut: 'a weak map',
	},
	{
		at: 'lib/http/dispatchers.ts lookupCount',
		holds: 'a number',
		bound: 'one',
		wayOut: 'none needed',
	},
	{
		at: 'lib/http/tokens.ts logins',
		holds: 'when logins were answered, under hashes',
		bound: '500 with 6 times each',
		wayOut: 'after 30 s',
	},
	{
		at: 'lib/http/tokens.ts processTokens',
		holds: 'tokens, under hashes; links are told of new ones',
		bound: '500, and the links that are open',
		wayOut: 'after an hour without use',
	},
	{
		at: 'lib/xapi/catalogue.ts entitiesOf',
		holds: 'types of a catalogue that are entities',
		bound: 'the catalogues that somebody holds',
		wayOut: 'a weak map',
	},
	{
		at: 'lib/xapi/catalogue.ts knownProperties',
		holds: 'properties of the types of a catalogue',
		bound: 'the catalogues that somebody holds',
		wayOut: 'a weak map',
	},
	{
		at: 'lib/xapi/catalogue.ts namedOf',
		holds: 'operations of a catalogue with their names',
		bound: 'the catalogues that somebody holds',
		wayOut: 'a weak map',
	},
	{
		at: 'lib/xapi/catalogue.ts setsOf',
		holds: 'entity sets of a catalogue',
		bound: 'the catalogues that somebody holds',
		wayOut: 'a weak map',
	},
	{
		at: 'lib/xapi/entities.ts lengths',
		holds: 'how long lists were the last time',
		bound: '1,000 numbers',
		wayOut: 'the one read longest ago goes first',
	},
	{ at: 'lib/thread.ts turns', holds: 'a lock', ...LOCK },
	{ at: 'lib/xapi/entities.ts turns', holds: 'a lock', ...LOCK },
	{ at: 'lib/xapi/members.ts turns', holds: 'a lock', ...LOCK },
	{
		at: 'lib/xapi/ownCatalogue.ts known',
		holds: 'catalogues that PBXs serve',
		bound: '8',
		wayOut: 'the one read longest ago goes first',
	},
	{
		at: 'lib/xapi/ownCatalogue.ts underWay',
		holds: 'readings of catalogues that are under way',
		bound: 'the dropdowns that are open',
		wayOut: 'a reading goes when it ends',
	},
	{ at: 'nodes/ThreeCx/resources/ivr/setKey.ts turns', holds: 'a lock', ...LOCK },
	{
		at: 'nodes/ThreeCxCallHistoryTrigger/poll.ts current',
		holds: 'which context of each history trigger polls now, weakly',
		bound: '1,000 triggers',
		wayOut: 'the one that polled longest ago goes first',
	},
	{
		at: 'nodes/ThreeCxCallHistoryTrigger/poll.ts runs',
		holds: 'whether a poll of a node is under way',
		bound: 'the contexts that n8n holds',
		wayOut: 'a weak map',
	},
	{
		at: 'nodes/ThreeCxSystemTrigger/watch.ts registrations',
		holds: 'how to end the triggers that are published',
		bound: 'one for each',
		wayOut: 'a trigger goes when n8n closes it',
	},
	{
		at: 'nodes/ThreeCxTrigger/listen.ts registrations',
		holds: 'how to end the triggers that are published',
		bound: 'one for each',
		wayOut: 'a trigger goes when n8n closes it',
	},
	{
		at: 'nodes/shared/egress.ts lookups',
		holds: 'the look-up of each filter of n8n',
		bound: 'the filters that n8n holds',
		wayOut: 'a weak map',
	},
	{ at: 'nodes/shared/n8nInternals.ts turns', holds: 'a lock', ...LOCK },
	{
		at: 'nodes/shared/output.ts lookedThrough',
		holds: 'which rows have been looked through for secrets',
		bound: 'the rows that somebody holds',
		wayOut: 'a weak set',
	},
	{ at: 'nodes/shared/tokens.ts turns', holds: 'a lock', ...LOCK },
	{
		at: 'nodes/shared/tokens.ts flights',
		holds: 'renewals of tokens that are under way',
		bound: 'the items that are worked on',
		wayOut: 'a renewal goes when it ends, which it does after 90 s at the latest',
	},
	{
		at: 'nodes/shared/tokens.ts refusals',
		holds: 'refused logins, under hashes',
		bound: '500',
		wayOut: 'after 30 s',
	},
];
