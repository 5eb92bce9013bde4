import { notFound } from '../../odata/errors';
import type { Row } from '../../odata/model';
import { ROLES, type ApiClient, type Role } from '../../types';
import type { Context, Rules } from '../context';
import { dnRules } from './anyDn';
import { peer } from './dn';

/** The role of an API client is the strongest it holds in any department. */
function roleOf(row: Row): Role {
	const held = ((row.Groups ?? []) as Row[]).map(
		({ Rights }) => (Rights as Row | undefined)?.RoleName,
	);
	return ROLES.find((role) => held.includes(role)) ?? 'users';
}

/** The chosen extensions; without any choice an owner sees all (protocol 2.2). */
function monitoredBy(
	row: Row,
	body: Row,
	held: ApiClient['monitored'] | undefined,
): ApiClient['monitored'] {
	if (Array.isArray(body.Peers))
		return (body.Peers as Row[]).map(({ Number: number }) => String(number));
	return held ?? (roleOf(row) === 'system_owners' ? 'all' : []);
}

/** API clients: rows here and logins of `/connect/token` are the same thing. */
export const servicePrincipals: Rules = (() => {
	const rules = dnRules('ServicePrincipals', {
		defaults: () => ({
			XAPIEnabled: false,
			CallControlEnabled: false,
			MyPhoneEnabled: false,
			IsSystem: false,
			Peers: [],
		}),
		prepare: ({ store }, body) =>
			Array.isArray(body.Peers)
				? {
						...body,
						Peers: (body.Peers as Row[]).map((written) => {
							const dn = store.dn(String(written.Number));
							return dn ? peer(dn) : written;
						}),
					}
				: body,
		deleted: ({ clients }, row) => clients.remove(String(row.Number)),
		operations: {
			'Pbx.GenerateAppToken'({ context, entity }) {
				if (!entity) throw notFound();
				return context.clients.regenerate(String(entity.Number));
			},
		},
	});
	return {
		...rules,
		written(context: Context, row: Row, body: Row, before?: Row) {
			rules.written?.(context, row, body, before);
			const clientId = String(row.Number);
			const known = context.clients.byId(clientId);
			// A client that the sandbox was started with: the row was made from it.
			if (known && !before) return;
			const client: ApiClient = known ?? {
				clientId,
				// Nobody knows this one: a usable secret comes from GenerateAppToken.
				clientSecret: context.secret(32),
				role: 'users',
				xapiEnabled: false,
				callControlEnabled: false,
				monitored: [],
			};
			Object.assign(client, {
				role: roleOf(row),
				xapiEnabled: row.XAPIEnabled === true,
				callControlEnabled: row.CallControlEnabled === true,
				monitored: monitoredBy(row, body, known?.monitored),
			});
			if (!known) context.clients.add(client);
		},
	};
})();
