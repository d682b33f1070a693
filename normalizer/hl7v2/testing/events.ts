/** Events and the order of their segments: `[ ]` may be left out, `{ }` may come again, both as in the standard. */
const VISIT = 'EVN PID [PD1] {ROL} {NK1} PV1 [PV2] {ROL}';
const ADMISSION = `${VISIT} {DB1} {OBX} {AL1} {DG1} [DRG] {PR1 {ROL}} {GT1} {IN1 [IN2] {ROL}} [ACC] [ZPI]`;
const PERSON = 'EVN PID [PD1] {ROL} {NK1} [PV1] [PV2] {OBX} {AL1} {DG1} {GT1} {IN1 [IN2]}';
const PATIENT = 'PID [PD1] {NTE} {NK1} [PV1 [PV2]] {IN1 [IN2]} {AL1}';
const ORDER = '{ORC {TQ1} OBR {NTE} {DG1} {OBX {NTE}} {SPM {OBX}}}';
const SCHEDULE =
  'SCH {TQ1} {NTE} PID [PD1] [PV1] [PV2] {OBX} {DG1} {RGS {AIS {NTE}} {AIG {NTE}} {AIL {NTE}} {AIP {NTE}}}';

const STRUCTURES: readonly (readonly [events: string, structure: string])[] = [
  ['ADT^A01 ADT^A04 ADT^A08 ADT^A13 ADT^A02 ADT^A03 ADT^A05 ADT^A06 ADT^A07 ADT^A11 ADT^A12 ADT^A38', ADMISSION],
  ['ADT^A28 ADT^A31', PERSON],
  ['ADT^A34', 'EVN PID [PD1] MRG'],
  ['ADT^A40', 'EVN {PID [PD1] MRG [PV1]}'],
  ['ADT^A47', 'EVN PID [PD1] MRG'],
  ['ADT^A60', 'EVN PID [PV1] {IAM}'],
  ['ORU^R01', `${PATIENT} {[ORC] OBR {NTE} {TQ1} {OBX {NTE}} {SPM {OBX {NTE}}}} [ZDS]`],
  ['OML^O21 ORM^O01 OMG^O19', `${PATIENT} ${ORDER}`],
  ['RDE^O11 RDE^O25', `${PATIENT} {ORC {TQ1} [RXO {NTE} {RXR} {RXC}] RXE {TQ1} {RXR} {RXC} {OBX {NTE}}}`],
  ['ORM^O01', `${PATIENT} {ORC RXO {RXR} {RXC} {NTE}}`],
  ['RDS^O13', `${PATIENT} {ORC [RXO] [RXE {RXR}] RXD {NTE} {RXR} {RXC} {OBX}}`],
  ['VXU^V04', 'PID [PD1] {NK1} [PV1 [PV2]] {GT1} {IN1 [IN2]} {ORC RXA [RXR] {OBX {NTE}}}'],
  ['MDM^T01 MDM^T02 MDM^T04 MDM^T06 MDM^T08 MDM^T10', 'EVN PID PV1 {ORC OBR {NTE}} TXA {OBX {NTE}}'],
  ['SIU^S12 SIU^S13 SIU^S14 SIU^S15 SIU^S17 SIU^S26', SCHEDULE],
  ['DFT^P03', `${VISIT} {DB1} {OBX} {FT1 {PR1 {ROL}}} {DG1} {GT1} {IN1 [IN2]} [ACC]`],
  ['BAR^P01', 'EVN {PID [PD1] [PV1] [PV2] {ROL} {OBX} {AL1} {DG1} [DRG] {PR1} {GT1} {NK1} {IN1 [IN2]} [ACC]}'],
  ['PPR^PC1 PPR^PC2 PPR^PC3', 'PID [PV1 [PV2]] {PRB {NTE} {ROL} {OBX {NTE}} {GOL {NTE}} {ORC OBR {OBX}}}'],
  ['MFN^M02', 'MFI {MFE STF [PRA]}'],
  ['ADT^A20 ACK^A01 QRY^A19 RAS^O17', 'EVN PID [PV1]'],
];

const RESULTED = 'OBR [ORC] {NTE} {TQ1} {OBX {NTE}}';
const TAKEN = 'SPM {OBX} [SAC]';
const DETAIL = 'RXO {NTE} {RXR} {RXC}';

/** Asked for by themselves, so that the seeds of the others keep their messages. */
const LATER: readonly (readonly [events: string, structure: string])[] = [
  ['ADT^A17 ADT^A37', 'EVN PID [PD1] PV1 [PV2] {DB1} {OBX}'],
  [
    'PGL^PC6 PGL^PC7 PGL^PC8',
    `PID [PV1 [PV2]] {GOL {NTE} {OBX {NTE}} {PRB {NTE} {OBX}} {ORC [OBR] {NTE} {OBX}} {ORC ${DETAIL}}}`,
  ],
  ['BAR^P12 BAR^P10', 'EVN PID PV1 {DG1} [DRG] {PR1 {ROL}} {OBX}'],
  ['ADT^A03 ADT^A31', 'EVN PID PV1 {AL1} {IAM {NTE}} {DG1} {PR1}'],
  ['ADT^A24', 'EVN PID [PD1] [PV1] {DB1} PID [PD1] [PV1] {DB1}'],
  ['OUL^R22', `${PATIENT} {${TAKEN} {${RESULTED}}}`],
  ['OUL^R23', `${PATIENT} {SPM {OBX} {SAC {${RESULTED}}}}`],
  ['OUL^R24', `${PATIENT} {${RESULTED} {${TAKEN}}}`],
  [
    'REF^I12 REF^I13 REF^I14 REF^I15',
    '[RF1] [AUT [CTD]] {PRD {CTD}} PID [PD1] {NK1} {GT1} {IN1 [IN2]} [ACC] {DG1} [DRG] {AL1} {PR1 [AUT]} {OBR {NTE} {OBX {NTE}}} [PV1 [PV2]]',
  ],
  ['OML^O33', `${PATIENT} {${TAKEN} {ORC {TQ1} OBR {NTE} {DG1} {OBX {NTE}}}}`],
  ['OML^O35', `${PATIENT} {SPM {OBX} {SAC {ORC {TQ1} OBR {NTE} {DG1} {OBX}}}}`],
  ['OMP^O09', `${PATIENT} {ORC {TQ1} ${DETAIL} {OBX {NTE}}}`],
  ['PPR^PC1', `PID [PV1 [PV2]] {PRB {NTE} {OBX} {GOL {OBX}} {ORC [OBR] {NTE} {OBX {NTE}}} {ORC ${DETAIL} {OBX}}}`],
  [
    'DFT^P03 DFT^P11',
    `${VISIT} {OBX} {ORC {TQ1} [OBR {NTE}] {OBX {NTE}}} {FT1 {PR1} {ORC [OBR] {OBX}}} {DG1} {GT1} {IN1 [IN2]} [ACC]`,
  ],
];

export interface Event {
  /** `ADT^A01` */
  readonly name: string;
  readonly structure: string;
}

/** Those that matter most come more often by their many siblings. */
export const EVENTS: readonly Event[] = STRUCTURES.flatMap(named);
export const LATER_EVENTS: readonly Event[] = LATER.flatMap(named);

function named([events, structure]: readonly [string, string]): Event[] {
  return events.split(' ').map((name) => ({ name, structure }));
}
