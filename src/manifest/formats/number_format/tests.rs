use proptest::prelude::*;

use super::{DateSystem, FormatError, NumberFormat};

fn render(code: &str, value: f64) -> Result<String, FormatError> {
    NumberFormat::parse(code)?.render(value, DateSystem::From1900)
}

/// Checks rows of a format, a number and the text.
#[track_caller]
fn check(rows: &[(&str, f64, &str)]) {
    for (code, value, text) in rows {
        assert_eq!(render(code, *value).as_deref(), Ok(*text), "{value} as {code}");
    }
}

/// Checks that the text of each number is unknown.
#[track_caller]
fn check_refused(rows: &[(&str, f64)]) {
    for (code, value) in rows {
        assert!(render(code, *value).is_err(), "{value} as {code}");
    }
}

#[test]
fn digits_are_rounded_as_decimals() {
    check(&[
        ("0.00", 1.005, "1.01"),
        ("0.00", 0.285, "0.29"),
        ("0.00", 2.675, "2.68"),
        ("0%", 1.005, "101%"),
        ("0", 0.5, "1"),
        ("0", -0.5, "-1"),
        ("0", -0.4, "0"),
        ("0;(0)", -0.4, "(0)"),
        ("0.0", -0.04, "0.0"),
        ("0", 1e21, "1000000000000000000000"),
        ("0", 12_345_678_901_234_567.0, "12345678901234600"),
        ("0.000", 9.9996, "10.000"),
    ]);
}

#[test]
fn placeholders_show_or_hide_insignificant_zeros() {
    check(&[
        ("000", 7.0, "007"),
        ("#", 0.0, ""),
        ("#.##", 1.0, "1."),
        (".00", 12.5, "12.50"),
        ("0.0#", 1.5, "1.5"),
        ("0.??", 1.5, "1.5 "),
        ("???", 5.0, "  5"),
        ("?,???", 5.0, "    5"),
        ("0,000", 5.0, "0,005"),
        ("000-00-0000", 123_456_789.0, "123-45-6789"),
        ("0#", 5.0, "05"),
        ("\"from \"0.0\" to \"00", 1.2345, "from 1.2 to 35"),
    ]);
}

#[test]
fn commas_group_or_scale() {
    check(&[
        ("#,##0", 1_234_567.0, "1,234,567"),
        ("#,##0", 999.6, "1,000"),
        ("#,##0,", 1_234_567.0, "1,235"),
        ("#,##0,\"K\"", 1_234_567.0, "1,235K"),
        ("0.0,,", 1_250_000.0, "1.3"),
        ("#,##0.00%", 12.345, "1,234.50%"),
        ("0%%", 0.5, "5000%%"),
    ]);
}

#[test]
fn sections_are_chosen_by_sign() {
    check(&[
        ("0", -5.0, "-5"),
        ("$0", -5.0, "-$5"),
        ("0;(0)", -5.0, "(5)"),
        ("0;(0);\"none\"", 0.0, "none"),
        ("0;-0;;@", 0.0, ""),
        (";;;", 5.0, ""),
        ("0;", -5.0, ""),
        ("\"yes\"", -1.0, "yes"),
        ("General;-General", -2.5, "-2.5"),
        ("@", -1.5, "-1.5"),
        ("\"a\"@", 1.5, "1.5"),
    ]);
}

#[test]
fn sections_are_chosen_by_condition() {
    check(&[
        ("[>=1000]0,\"K\";0", 1500.0, "2K"),
        ("[>=1000]0,\"K\";0", 15.0, "15"),
        ("[=1]\"one\";[=2]\"two\";0", 2.0, "two"),
        ("[=1]\"one\";[=2]\"two\";0", 3.0, "3"),
        ("[<0]\"minus \"0;0", -3.0, "minus 3"),
        ("[>=-1]0;0", -2.0, "2"),
        ("[<=9999999]###-####;(###) ###-####", 2_813_308_004.0, "(281) 330-8004"),
        ("[>100]0", 5.25, "5.25"),
    ]);
    check_refused(&[
        ("[<-25]0;0", -26.0),
        ("[<=0]0;0", -1.0),
        ("[>100]0;0", -5.0),
        ("[>100]0;0;0", 5.0),
        ("[>100]0;[<0]0", 5.0),
        ("0;[<0]0", 5.0),
    ]);
}

#[test]
fn exponents_are_carried_and_aligned() {
    check(&[
        ("0.00E+00", 0.999_999, "1.00E+00"),
        ("0.00E+00", 99.995, "1.00E+02"),
        ("0.00E+00", 0.0, "0.00E+00"),
        ("0.00E-00", 12345.0, "1.23E04"),
        ("0.0E+0\" m\"", -0.000_123, "-1.2E-4 m"),
        ("##0.0E+0", 12345.0, "12.3E+3"),
        ("##0.0E+0", 999_960.0, "1.0E+6"),
        ("0E+000", 1e-7, "1E-007"),
        ("#.0E+0", 12.0, "1.2E+1"),
    ]);
    check_refused(&[("#.0E+0", 0.0), (".0E+0", 1.0)]);
}

#[test]
fn fractions_are_the_convergents_of_excel() {
    check(&[
        ("# ?/?", 0.1, " 1/9"),
        ("# ?/?", 0.3, " 2/7"),
        ("# ?/?", 1.3, "1 1/3"),
        ("# ?/?", 0.456, " 1/2"),
        ("# ?/?", 1.0, "1    "),
        ("# ?/?", 0.0, "0    "),
        ("# ?/?", 1.99, "2    "),
        ("# ?/?", -0.01, "0    "),
        ("# ??/??", -1.2, "-1  1/5 "),
        ("# 0/0", 1.0, "1 0/1"),
        ("# 00/00", 0.5, " 01/02"),
        ("?/?", 2.5, "5/2"),
        ("# ?/4", 2.9, "3    "),
        ("# ?/2", 1.25, "1 1/2"),
        ("# ??/100", 2.345, "2 35/100"),
        ("# ?/10", 1000.15, "1000 2/10"),
        ("# \"and\" ?/?", 1.5, "1 and 1/2"),
        ("\"about \"# ?/?\" cup\"", 1.5, "about 1 1/2 cup"),
    ]);
    check_refused(&[
        ("# \"and\" ?/?", 1.0),
        ("# \"and\" ?/?", 0.5),
        ("# ?/?", 1e15),
        ("# ?/9999999", 1e14),
        ("# ?/?%", 0.5),
    ]);
}

#[test]
fn general_has_at_most_eleven_characters() {
    check(&[
        ("General", 0.0, "0"),
        ("General", -2.50, "-2.5"),
        ("General", 0.1 + 0.2, "0.3"),
        ("General", 1.0 / 3.0, "0.333333333"),
        ("General", 12_345_678_901.0, "12345678901"),
        ("General", 123_456_789_012.0, "123456789012"),
        ("General", 4_915_112_345_678.0, "4915112345678"),
        ("General", -123_456_789_012_345.0, "-123456789012345"),
        ("General", 1_234_567_890_123.5, "1234567890123.5"),
        ("General", 1_234_567_890_123_456.0, "1.23457E+15"),
        ("General", 99_999_999_999.5, "100000000000"),
        ("General", 0.000_012_345_678, "1.23457E-05"),
        ("General", 0.000_01, "0.00001"),
        ("General", 7.257_415_615e306, "7.2574E+306"),
        ("general\" pcs\"", 3.0, "3 pcs"),
    ]);
}

#[test]
fn literals_and_instructions_are_shown_or_dropped() {
    check(&[
        ("\"a;b\"\\;0", 1.0, "a;b;1"),
        ("_($* #,##0_)", 1.0, " $1 "),
        ("[Red]0[Color 12]", 1.0, "1"),
        ("0 €", 1.0, "1 €"),
        ("[$kr-41D] 0", 1.0, "kr 1"),
        ("[$€-7777]#,##0.0", 1234.5, "€1,234.5"),
        ("0°", 1.0, "1°"),
    ]);
    check_refused(&[("[Blue]G3neral", 1.0), ("0;0;0;0", 1.0), ("@;0", 1.0), ("General0", 1.0)]);
}

#[test]
fn dates_are_shown_as_excel_counts_them() {
    check(&[
        ("yyyy-mm-dd", 43891.0, "2020-03-01"),
        ("d-mmm-yy", 43891.9, "1-Mar-20"),
        ("dddd, mmmm d, yyyy", 43891.0, "Sunday, March 1, 2020"),
        ("ddd mmmmm", 43891.0, "Sun M"),
        ("yyyy-mm-dd", 0.0, "1900-01-00"),
        ("yyyy-mm-dd dddd", 1.0, "1900-01-01 Sunday"),
        ("yyyy-mm-dd", 60.0, "1900-02-29"),
        ("yyyy-mm-dd dddd", 61.0, "1900-03-01 Thursday"),
        ("yyyy-mm-dd", 2_958_465.0, "9999-12-31"),
        ("[$-F800]dddd, mmmm dd, yyyy", 43891.0, "Sunday, March 1, 2020"),
        ("d/m;@", 43891.0, "1/3"),
        ("yyy e", 43891.0, "2020 2020"),
    ]);
    check_refused(&[
        ("yyyy", -1.0),
        ("[h]:mm", -0.5),
        ("yyyy", 2_958_466.0),
        ("yyyy", 1e300),
        ("hhh:mm", 0.5),
        ("d0", 1.0),
        ("yyyyy", 1.0),
    ]);
}

#[test]
fn date_letters_of_other_languages_are_refused() {
    check_refused(
        &[
            "TT.MM.JJJJ",
            "JJJJ",
            "rrrr",
            "dd.mm.rrrr",
            "aaaa-mm-dd",
            "dd/mm/aaaa",
            "jj/mm/aaaa",
            "gg/mm/aaaa",
            "dd-mm-jjjj",
            "pp.kk.vvvv",
            "åååå-mm-dd",
            "εεεε",
            "ДД.ММ.ГГГГ",
            "dd.MM.ГГГГ",
            "hh:mm Uhr",
            "hh:mmTT",
            "T.M.",
            "dd Tmm",
            "kr",
            "0 TT",
            "0;JJJJ",
            "0 m",
            "0 h",
            "0 mm",
            "0 d",
            "[h]:mm Std",
        ]
        .map(|code| (code, 46022.75)),
    );
}

#[test]
fn letters_with_case_must_be_quoted() {
    check_refused(
        &[
            "0 x",
            "0 kr",
            "0 km",
            "0 zł",
            "0 Kč",
            "0.00 EUR",
            "Rs.0",
            "Rs. #,##0",
            "R$ #,##0.00",
            "0,K",
            "0 руб",
            "KW 0",
            "0E+0 km",
            "x",
            "Q",
            "0 Stück",
        ]
        .map(|code| (code, 5.0)),
    );
    check(&[
        ("0 \"kr\"", 5.0, "5 kr"),
        ("\\K\\W 0", 5.0, "KW 5"),
        ("0個", 5.0, "5個"),
        ("#,##0元", 5000.0, "5,000元"),
    ]);
}

#[test]
fn signs_need_no_quotes() {
    check(&[
        ("[Green]▲0%;[Red]▼0%;0%", 0.125, "▲13%"),
        ("[Green]▲0%;[Red]▼0%;0%", -0.125, "▼13%"),
        ("↑0;↓0", -3.0, "↓3"),
        ("✓0", 3.0, "✓3"),
        ("#,##0฿", 5000.0, "5,000฿"),
        ("★0.0", 4.5, "★4.5"),
        ("№ 0", 7.0, "№ 7"),
        ("₹ 0 ●", 7.0, "₹ 7 ●"),
    ]);
}

#[test]
fn halves_of_the_day_in_chinese_japanese_and_korean_are_applied() {
    check(&[
        ("[$-804]上午/下午h\"时\"mm\"分\";;@", 0.6, "下午2时24分"),
        ("上午/下午hh:mm", 0.25, "上午06:00"),
        ("午前/午後h\"時\"mm\"分\"", 0.6, "午後2時24分"),
        ("yyyy年m月d日午前/午後h:mm", 46022.75, "2025年12月31日午後6:00"),
        ("오전/오후 h:mm", 0.25, "오전 6:00"),
    ]);
}

#[test]
fn words_beside_date_fields_are_literal() {
    check(&[
        ("yyyy-mm-ddThh:mm:ssZ", 46022.75, "2025-12-31T18:00:00Z"),
        ("yyyymmdd", 46022.75, "20251231"),
        ("yyyy年m月d日", 46022.75, "2025年12月31日"),
        ("dd.mm.yyyy\\г.", 46022.75, "31.12.2025г."),
        ("d/m hAM/PM", 46022.75, "31/12 6PM"),
        ("hh:mm \"Uhr\"", 46022.75, "18:00 Uhr"),
        ("hh\\hmm", 46022.75, "18h00"),
    ]);
}

#[test]
fn dates_of_1904_start_at_zero() {
    let format = NumberFormat::parse("yyyy-mm-dd dddd").unwrap();
    assert_eq!(format.render(0.0, DateSystem::From1904).as_deref(), Ok("1904-01-01 Friday"));
    assert_eq!(format.render(42_429.0, DateSystem::From1904).as_deref(), Ok("2020-03-01 Sunday"));
    assert_eq!(format.render(2_957_004.0, DateSystem::From1904), Err(FormatError::NoDate));
}

#[test]
fn times_are_rounded_to_what_is_shown() {
    check(&[
        ("h:mm AM/PM", 0.0, "12:00 AM"),
        ("h:mm am/pm", 0.75, "6:00 PM"),
        ("h a/p", 0.75, "6 p"),
        ("hh:mm:ss", 12345.6789, "16:17:37"),
        ("mm:ss.0", 12345.6789, "17:37.0"),
        ("hh:mm:ss.000", 0.70707, "16:58:10.848"),
        ("[h]:mm", 1.5, "36:00"),
        ("[h]:mm:ss", 2.999_999_999_999_999_6, "72:00:00"),
        ("[mm]:ss", 0.5, "720:00"),
        ("[s]", 0.5, "43200"),
        ("yyyy-mm-dd hh:mm:ss", 43_890.999_999, "2020-03-01 00:00:00"),
        ("yyyy-mm-dd", 43_890.999_999, "2020-02-29"),
        ("m/d h:m:s", 43891.5, "3/1 12:0:0"),
        ("[$-F400]h:mm", 0.75, "6:00:00 PM"),
    ]);
}

#[test]
fn a_language_tag_selects_names_and_separators() {
    check(&[
        ("[$-407]MMMM", 43891.0, "März"),
        ("[$-de-DE]d. mmmm yyyy", 43891.0, "1. März 2020"),
        ("[$-407]#,##0.00", 1234.5, "1.234,50"),
        ("[$-407]General;@", 1.5, "1,5"),
        ("[$-807]#,##0.00", 1234.5, "1'234.50"),
        ("[$-40C]#,##0.0", 1234.5, "1\u{a0}234,5"),
        ("[$-4009]#,##0", 12_345_678.0, "1,23,45,678"),
        ("[$-407]dd/mm/yyyy", 43891.0, "01.03.2020"),
        ("[$-407]ss.0", 0.0, "00,0"),
        ("[$-419]d mmmm", 43891.0, "1 марта"),
        ("[$-FC19]d mmmm", 43891.0, "1 марта"),
        ("[$-415]mmmm yyyy", 43891.0, "marzec 2020"),
        ("[$-411]h AM/PM", 0.75, "6 午後"),
        ("[$-1010409]mmm", 43891.0, "Mar"),
        ("[$-pl-PL,1]mmmm yyyy", 43891.0, "marzec 2020"),
        ("[$-pl-PL,101]#,##0.0", 1234.5, "1\u{a0}234,5"),
        ("[$€-407]#,##0.00", 1234.5, "€1,234.50"),
        ("[$-7777]0", 5.0, "5"),
    ]);
    check_refused(&[
        ("[$-7777]0.0", 5.0),
        ("[$-7777]mmm", 5.0),
        ("[$-7777]d-m-yyyy", 5.0),
        ("[$-407]h AM/PM", 0.5),
        ("[$-2000401]0", 5.0),
        ("[$-1070000]d", 5.0),
        ("[$-th-TH,D07]d", 5.0),
        ("[$-ar-EG,2000000]d", 5.0),
        ("[$-pl-PL,]d", 5.0),
        ("[DBNum1]0", 5.0),
        ("[ENG]d", 5.0),
        ("[$-411]e", 5.0),
        ("[$-411]mmmmm", 5.0),
        ("ggge", 5.0),
        ("0;[$-407]0", 5.0),
    ]);
}

#[test]
fn each_language_has_all_names() {
    let row = |row: &'static str| {
        row.split('\t').map(|names| names.split(' ').count()).collect::<Vec<_>>()
    };
    for language in super::locale::LANGUAGES.lines().skip(1) {
        let counts = row(language);
        assert_eq!(counts[1..6], [12, 12, 12, 7, 7], "{language}");
    }
}

#[test]
fn texts_are_shown_by_the_last_section() {
    for (code, text) in [
        ("General", "a"),
        ("0;0;0", "a"),
        ("@", "a"),
        ("0;\"b\"@", "ba"),
        ("@@", "aa"),
        ("0;0;0;\"b\"", "b"),
        ("0;0;0;General!", "a!"),
        ("0;0;0;", ""),
        ("[>1]0;[<0]0;0;_(@_)", " a "),
    ] {
        assert_eq!(NumberFormat::parse(code).unwrap().render_text("a"), text, "{code}");
    }
}

#[test]
fn built_in_formats_are_valid() {
    for id in 0..200 {
        if let Some(code) = NumberFormat::builtin(id) {
            let format = NumberFormat::parse(code).unwrap();
            assert_eq!(format.is_date(), matches!(id, 14..=22 | 45..=47), "{code}");
        }
    }
    assert_eq!(NumberFormat::builtin(14), Some("m/d/yyyy"));
    assert_eq!(NumberFormat::builtin(30), None);
}

#[test]
fn long_and_incomplete_codes_are_refused() {
    assert_eq!(NumberFormat::parse(&"0".repeat(256)).unwrap_err(), FormatError::TooLong);
    for code in [
        "",
        "\"a",
        "0\\",
        "_",
        "*",
        "[",
        "[$-",
        "[>]0",
        "[>1][>2]0",
        "0;0;0;@;0",
        "E+0",
        "0E+",
        "0.0.0",
        "]",
        "# ?/12345678",
    ] {
        assert!(NumberFormat::parse(code).is_err(), "{code}");
    }
    assert_eq!(render("0", f64::NAN), Err(FormatError::NotFinite));
}

proptest! {
    #[test]
    fn random_formats_never_panic(
        code in "(0|#|\\?|,|\\.|%|E\\+|/|;|@|General|\\[h\\]|\\[>5\\]|\\[\\$-407\\]|\\[\\$€-2\\]|y|m|d|h|s|AM/PM|\"a\"|\\\\b|_c|\\*d| |-|5|\u{e9}|\\PC){0,12}",
        value in prop_oneof![any::<f64>(), -1e6..1e6, Just(0.0)],
    ) {
        let shown = render(&code, value);
        prop_assert_eq!(&shown, &render(&code, value));
        prop_assert!(shown.map_or(0, |text| text.len()) < 1024);
        if let Ok(format) = NumberFormat::parse(&code) {
            prop_assert!(format.render_text("text").len() < 1024);
            let _ = format.render(value, DateSystem::From1904);
        }
    }
}
