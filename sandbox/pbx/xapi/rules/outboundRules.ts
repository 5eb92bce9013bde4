import { notFound } from '../../odata/errors';
import type { Row } from '../../odata/model';
import type { Context, Invocation, Rules, Violations } from '../context';
import { dnName } from './dn';
import { bulkDelete } from './bulk';

const SET = 'OutboundRules';

const byPriority = ({ store }: Context) =>
	[...store.rows(SET)].sort((a, b) => Number(a.Priority) - Number(b.Priority));

/** The names that belong to the ids which were written. */
function named({ store }: Context, body: Row): Row {
	const { GroupIds, Routes } = body as { GroupIds?: number[]; Routes?: Row[] };
	return {
		...body,
		...(GroupIds && {
			GroupNames: GroupIds.map((id) => String(store.find('Groups', 'Id', id)?.Name ?? '')),
		}),
		...(Routes && {
			Routes: Routes.map((route) => {
				const trunk = store.find('Trunks', 'Id', route.TrunkId);
				return trunk ? { ...route, TrunkName: dnName('Trunks', trunk) } : route;
			}),
		}),
	};
}

function check({ store }: Context, body: Row): Violations {
	const { GroupIds = [], Routes = [] } = body as { GroupIds?: number[]; Routes?: Row[] };
	return Object.fromEntries([
		...GroupIds.flatMap((id, index) =>
			store.find('Groups', 'Id', id) ? [] : [[`GroupIds[${index}]`, 'WARNINGS.XAPI.NOT_FOUND']],
		),
		...Routes.flatMap(({ TrunkId }, index) =>
			store.find('Trunks', 'Id', TrunkId)
				? []
				: [[`Routes[${index}].TrunkId`, 'WARNINGS.XAPI.NOT_FOUND']],
		),
	]) as Violations;
}

/** Changes places with the neighbour; at the end of the list nothing happens. */
function move({ context, args }: Invocation): void {
	const rules = byPriority(context);
	const at = rules.findIndex(({ Id }) => Id === args.id);
	const rule = rules[at];
	if (!rule) throw notFound();
	const neighbour = rules[at + (args.up === true ? -1 : 1)];
	if (!neighbour) return;
	const [mine, theirs] = [rule.Priority, neighbour.Priority];
	context.store.update(SET, rule, { Priority: theirs });
	context.store.update(SET, neighbour, { Priority: mine });
}

export const outboundRules: Rules = {
	defaults: (context) => ({
		DNRanges: [],
		EmergencyRule: false,
		GroupIds: [],
		GroupNames: [],
		Name: '',
		NumberLengthRanges: '',
		Prefix: '',
		Priority: Number(byPriority(context).at(-1)?.Priority ?? 0) + 1,
		Routes: [],
	}),
	prepare: named,
	check,
	operations: {
		'Pbx.MoveUpDown': move,
		'Pbx.GetEmergencyOutboundRules': ({ context }) =>
			byPriority(context).filter(({ EmergencyRule }) => EmergencyRule === true),
		// What a null purgeObject means is unknown; here it names nothing.
		'Pbx.Purge': bulkDelete(
			SET,
			({ purgeObject }) => ((purgeObject as Row | undefined)?.Ids ?? []) as unknown[],
		),
	},
};
