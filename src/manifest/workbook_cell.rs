//! A workbook's typed cells as the text a person sees in them: [`text_of`].

use calamine::{Data, ExcelDateTime};

/// The text of a cell: numbers without needless decimals, times and dates as ISO writes them.
pub(super) fn text_of(data: &Data) -> String {
    match data {
        Data::Int(number) => number.to_string(),
        // `Display` never uses an exponent and writes 7.0 as `7`.
        Data::Float(number) => number.to_string(),
        // Excel stores a carriage return inside a cell as `_x000D_`.
        Data::String(text) => text.replace("_x000D_\n", "\n").replace("_x000D_", "\n"),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(moment) => date_time(*moment),
        Data::DateTimeIso(text) => text.replace("T00:00:00", "").replace('T', " "),
        Data::DurationIso(text) => iso_duration(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

fn date_time(moment: ExcelDateTime) -> String {
    let days = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&days) {
        return clock(days * 86_400.0).unwrap_or_else(|| days.to_string());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}

/// `9:16`, or `9:16:30` if there are seconds.
fn clock(seconds: f64) -> Option<String> {
    let seconds = seconds.round();
    if !(0.0..1e9).contains(&seconds) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded number from 0 to a thousand million"
    )]
    let whole = seconds as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    Some(if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    })
}

/// `PT09H16M00S`, which is how `OpenDocument` writes a time.
fn iso_duration(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0.0;
    for (unit, length) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            seconds += number.replace(',', ".").parse::<f64>().ok()? * length;
            rest = after;
        }
    }
    if rest.is_empty() {
        clock(seconds)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    fn date(value: f64) -> Data {
        Data::DateTime(ExcelDateTime::new(
            value,
            ExcelDateTimeType::DateTime,
            false,
        ))
    }

    #[test]
    fn cells_read_as_they_look() {
        for (data, text) in [
            (Data::Float(7.0), "7"),
            (Data::Float(0.4), "0.4"),
            (Data::Float(-1e20), "-100000000000000000000"),
            (Data::Int(9), "9"),
            (Data::String("007".to_owned()), "007"),
            (Data::String("a_x000D_\nb".to_owned()), "a\nb"),
            (Data::Bool(true), "TRUE"),
            (date(0.386_111_111_111_111), "09:16"),
            (date(0.672_916_666_666_667), "16:09"),
            (date(46350.0), "2026-11-24"),
            (date(46350.5), "2026-11-24 12:00:00"),
            (date(-3.0), "1899-12-31"),
            (
                Data::DateTime(ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false)),
                "36:00",
            ),
            (Data::DurationIso("PT09H16M00S".to_owned()), "09:16"),
            (Data::DurationIso("PT1M30,5S".to_owned()), "00:01:31"),
            (Data::DurationIso("P1D".to_owned()), "P1D"),
            (
                Data::DateTimeIso("2026-11-24T00:00:00".to_owned()),
                "2026-11-24",
            ),
            (Data::Error(CellErrorType::Ref), "#REF!"),
            (Data::Empty, ""),
        ] {
            assert_eq!(text_of(&data), text, "{data:?}");
        }
    }
}
