/** Which shipped map reads a message, by its type and trigger event (MSH-9.1 and MSH-9.2). */

const EVENTS: readonly (readonly [map: string, type: string, events: string])[] = [
  [
    'adt-a01',
    'ADT',
    `A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12 A13 A14 A15 A16 A17 A21 A22 A23 A25 A26 A27 A28 A29 A31 A32 A33 A38
     A54 A55 A60 A61 A62`,
  ],
  ['adt-a24', 'ADT', 'A24 A37'],
  ['adt-a40', 'ADT', 'A18 A30 A34 A35 A36 A39 A40 A41 A42 A43 A44 A45 A46 A47 A48 A49 A50 A51'],
  ['bar-p01', 'BAR', 'P01 P02 P05 P06 P10 P12'],
  ['dft-p03', 'DFT', 'P03 P11'],
  ['mdm-t02', 'MDM', 'T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11'],
  ['mfn-m02', 'MFN', 'M02'],
  ['oml-o33', 'OML', 'O33 O35'],
  ['omp-o09', 'OMP', 'O09'],
  ['orm-o01', 'OMG', 'O19'],
  ['orm-o01', 'OML', 'O21'],
  ['orm-o01', 'ORM', 'O01'],
  ['oru-r01', 'ORU', 'R01'],
  ['oru-r01', 'OUL', 'R24'],
  ['oul-r22', 'OUL', 'R22 R23'],
  ['pgl-pc6', 'PGL', 'PC6 PC7 PC8'],
  ['ppr-pc1', 'PPR', 'PC1 PC2 PC3'],
  ['rde-o11', 'RDE', 'O01 O11 O25'],
  ['rds-o13', 'RDS', 'O01 O13'],
  ['ref-i12', 'REF', 'I12 I13 I14 I15'],
  ['siu-s12', 'SIU', 'S12 S13 S14 S15 S16 S17 S26'],
  ['vxu-v04', 'VXU', 'V04'],
];

const MAPS: ReadonlyMap<string, string> = new Map(
  EVENTS.flatMap(([map, type, events]) =>
    events.split(/\s+/).map((event): [string, string] => [`${type}^${event}`, `hl7v2/${map}`]),
  ),
);

/** @returns undefined where no map reads such messages */
export function mapOfEvent(type: string, event: string): string | undefined {
  return MAPS.get(`${type}^${event}`);
}
