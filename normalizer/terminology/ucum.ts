/** Is a text a UCUM unit? The grammar and atoms of the Unified Code for Units of Measure 1.9, case sensitive (c/s). */
import { detachedText } from '../shared/detached.ts';

const PREFIXES = 'Y Z E P T G M k h da d c m u n p f a z y Ki Mi Gi Ti'.split(' ');

/** Atoms that take a prefix. */
const METRIC = words(`
  m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc
  [c] [h] [k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM
  cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np
  B B[SPL] B[V] B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd`);

/** Atoms that take none. */
const PLAIN = words(`
  10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm [lbf_av]
  [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] [bf_i] [cr_i] [mil_i]
  [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us] [fth_us] [fur_us] [mi_us] [acr_us]
  [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br]
  [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us]
  [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br]
  [gil_br] [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av]
  [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne]
  [didot] [cicero] [degF] [degR] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O]
  [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X]
  [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U]
  [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU]
  [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph [car_m] [car_Au] [smoot] bit_s`);

/** At a component: an atom with its prefix, exponent and annotation; a factor; an annotation alone. */
const COMPONENT =
  /(?:(10[*^]|(?:[^\s\d.+\-/(){}[\]]|\[[^\s(){}[\]]+\])+)(?:[+-]?\d{1,4})?(?:\{[\x21-\x7a\x7c\x7e]*\})?|\d{1,15}(?:\{[\x21-\x7a\x7c\x7e]*\})?|\{[\x21-\x7a\x7c\x7e]*\})/y;
/** Units nest a few levels at most; deeper ones are somebody's attack. */
const DEPTH = 20;

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Units that were found to be ones: a laboratory has few. None with an annotation, in which a sender may write anything. */
const units = new Set<string>();
const MOST_UNITS = 1000;

/** `10*9/L`, `mmol/L`, `mm[Hg]`, `{cells}/uL`; not `10^9/l.`, `mmol/l ` or `次/分`. */
export function isUcum(text: string): boolean {
  if (units.has(text)) return true;
  if (text.length === 0 || text.length > 200) return false;
  if (term(text, text[0] === '/' ? 1 : 0, 0) !== text.length) return false;
  if (units.size < MOST_UNITS && !text.includes('{')) units.add(detachedText(text));
  return true;
}

/** @returns where the term ends, -1 where there is none */
function term(text: string, start: number, depth: number): number {
  let at = component(text, start, depth);
  while (at >= 0 && at < text.length && (text[at] === '.' || text[at] === '/')) at = component(text, at + 1, depth);
  return at;
}

function component(text: string, at: number, depth: number): number {
  if (text[at] === '(') {
    if (depth === DEPTH) return -1;
    const end = term(text, at + 1, depth + 1);
    return end >= 0 && text[end] === ')' ? end + 1 : -1;
  }
  COMPONENT.lastIndex = at;
  const match = COMPONENT.exec(text);
  if (!match || (match[1] !== undefined && !isSymbol(match[1]))) return -1;
  return at + match[0].length;
}

function isSymbol(text: string): boolean {
  if (PLAIN.has(text) || METRIC.has(text)) return true;
  return PREFIXES.some((prefix) => text.startsWith(prefix) && METRIC.has(text.slice(prefix.length)));
}
