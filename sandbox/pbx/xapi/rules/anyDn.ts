import type { Row } from '../../odata/model';
import type { Context, Rules } from '../context';
import type { DnSet } from '../store';
import {
	fillGroups,
	firstFreeNumber,
	groupViolations,
	numberViolations,
	rebuildMembers,
} from './dn';

/**
 * The rules that hold for every DN: a number given when none is sent, numbers unique and fixed, membership of a
 * department (DEFAULT unless said otherwise), and Members of departments kept true.
 * @param own what is special about this set, on top
 */
export function dnRules(set: DnSet, own: Rules = {}): Rules {
	return {
		...own,
		defaults(context, body) {
			const number = body.Number;
			return {
				TranscriptionMode: 'Nothing',
				...own.defaults?.(context, body),
				Number:
					typeof number === 'string' && number !== '' ? number : firstFreeNumber(context, set),
				Groups: [],
			};
		},
		prepare(context, body, existing) {
			const prepared = own.prepare?.(context, body, existing) ?? body;
			// An empty or null Number asks for a free one on create and is no change on update.
			const { Number: number, ...rest } = prepared;
			return number === undefined || number === null || number === '' ? rest : prepared;
		},
		check(context, body, existing) {
			return {
				...numberViolations(context, body, existing, set),
				...groupViolations(context, body.Groups),
				...own.check?.(context, body, existing),
			};
		},
		written(context, row, body, before) {
			settleGroups(context, { set, row }, body, before);
			own.written?.(context, row, body, before);
		},
		deleted(context, row) {
			own.deleted?.(context, row);
			rebuildMembers(context);
		},
	};
}

/** What was written as Groups, in full; a DN made without any belongs to the default department. */
function settleGroups(
	context: Context,
	dn: { set: DnSet; row: Row },
	body: Row,
	before?: Row,
): void {
	const { store } = context;
	const held = (before?.Groups ?? []) as Row[];
	const home = store.find('Groups', 'IsDefault', true);
	const written = (body.Groups ?? before?.Groups ?? (home ? [{ GroupId: home.Id }] : [])) as Row[];
	store.update(dn.set, dn.row, { Groups: fillGroups(context, dn, written, held) });
	rebuildMembers(context);
}
