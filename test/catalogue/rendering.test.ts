import { parse } from 'yaml';
import { catalogue } from '../../lib/xapi/catalogue';
import { buildCatalogue } from '../../lib/xapi/catalogueFromOpenApi';
import { metadataFrom } from '../../sandbox/pbx/xapi/metadata';
import { swaggerFrom } from '../../sandbox/pbx/xapi/swagger';

describe('what the simulated PBX says about itself', () => {
	test('its swagger.yaml gives the catalogue back, entry for entry and in order', () => {
		const again = buildCatalogue(parse(swaggerFrom(catalogue)));
		expect(again).toEqual(catalogue);
		expect(JSON.stringify(again)).toBe(JSON.stringify(catalogue));
	});

	test('every reference in it leads somewhere', () => {
		const text = swaggerFrom(catalogue);
		const { components } = parse(text) as { components: { schemas: object } };
		const names = [...text.matchAll(/#\/components\/schemas\/([\w.]+)/g)].map(([, name]) => name);
		expect(names.length).toBeGreaterThan(1000);
		expect(names.filter((name) => !Object.hasOwn(components.schemas, name ?? ''))).toEqual([]);
	});

	describe('$metadata', () => {
		const xml = metadataFrom(catalogue);

		test('is well-formed: every element closes in order', () => {
			const open: string[] = [];
			for (const [, slash, name = '', empty] of xml.matchAll(
				/<(\/)?([\w:]+)(?:\s[^<>]*?)?(\/)?>/g,
			)) {
				if (slash) expect(open.pop()).toBe(name);
				else if (!empty) open.push(name);
			}
			expect(open).toEqual([]);
			expect(xml.match(/[<>]/g)?.length).toBe(2 * (xml.match(/<[^<>]*>/g)?.length ?? 0));
		});

		test('names only what it declares', () => {
			const declared = new Set(
				[...xml.matchAll(/<(?:EnumType|EntityType|ComplexType) Name="(\w+)"/g)].map(
					([, name]) => name,
				),
			);
			const used = [...xml.matchAll(/(?:Type|BaseType|EntityType)="(?:Collection\()?Pbx\.(\w+)/g)];
			expect(used.length).toBeGreaterThan(500);
			expect(used.map(([, name]) => name).filter((name) => !declared.has(name))).toEqual([]);
		});

		test.each([
			'<EntitySet Name="Users" EntityType="Pbx.User"/>',
			'<NavigationPropertyBinding Path="RefreshTokens" Target="',
			'<Singleton Name="SystemStatus" Type="Pbx.SystemStatus"/>',
			'<EntityType Name="User" BaseType="Pbx.ClickToCall">',
			'<NavigationProperty Name="Groups" Type="Collection(Pbx.UserGroup)"/>',
			'<Property Name="QueueStatus" Type="Pbx.QueueStatusType"/>',
			'<FunctionImport Name="GetUpdateDetails" Function="Pbx.GetUpdateDetails"/>',
			'<ActionImport Name="InstallUpdates" Action="Pbx.InstallUpdates"/>',
			'<Parameter Name="bindingParameter" Type="Pbx.ActiveCall" Nullable="false"/>',
		])('contains %s', (line) => {
			// Not toContain: a failure would print the whole document.
			expect(xml.includes(line)).toBe(true);
		});

		test('every entity type of a set has a key, its own or an inherited one', () => {
			const keyed = new Set(
				[...xml.matchAll(/<EntityType Name="(\w+)"[^>]*>\n<Key>/g)].map(([, name]) => name),
			);
			const inherited = (type: string): boolean => {
				const base = catalogue.types[type]?.base;
				return keyed.has(type) || (base !== undefined && inherited(base));
			};
			expect(
				['User', 'Queue', 'Sbc', 'Weblink', 'Peer', 'DN'].filter((type) => !inherited(type)),
			).toEqual([]);
		});
	});
});
