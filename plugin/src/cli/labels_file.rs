//! Files of labels: what a composer says of pictures, signs and sounds of their own, as CSV. The first line names the
//! columns, one of which is `file`; a field may be in quotes, or empty where nothing is said. Where the first line has
//! semicolons and no commas, they part the fields, and numbers may have decimal commas, as spreadsheets of many countries
//! write them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use neume::disk;
use neume_models::Family;

use super::report::one_line;

/// Most that a file of labels holds, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// One line of a file of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As it stands in the column `file`.
    pub file: String,
    fields: BTreeMap<String, String>,
}

impl Row {
    /// What stands in a column, if anything does.
    pub fn word(&self, column: &str) -> Option<&str> {
        self.fields.get(column).map(String::as_str)
    }

    /// The number in a column.
    ///
    /// # Errors
    /// Names the file and the column of what is no number.
    pub fn number(&self, column: &str) -> Result<Option<f32>> {
        let number = |text: &str| {
            let number = text.parse().or_else(|_| text.replacen(',', ".", 1).parse::<f32>());
            let finite = number.ok().filter(|v| v.is_finite());
            finite.with_context(|| format!("{}: `{text}` in the column `{column}` is no number", self.file))
        };
        self.word(column).map(number).transpose()
    }

    /// The family in the column `family`; `Some(None)` for `open`.
    ///
    /// # Errors
    /// Names the file and the word that is no family.
    pub fn family(&self) -> Result<Option<Option<Family>>> {
        match self.word("family") {
            None => Ok(None),
            Some("open") => Ok(Some(None)),
            Some(name) => {
                let family = Family::from_id(name);
                family.map(|f| Some(Some(f))).with_context(|| format!("{}: no family is `{name}`", self.file))
            }
        }
    }
}

/// The lines of a file of labels.
///
/// # Errors
/// Names the file and the cause.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let bytes = disk::read(path, MAX_BYTES).map_err(anyhow::Error::msg)?;
    parse(&bytes).with_context(|| path.display().to_string())
}

/// Says which of the columns that have labels have one alone, so that nothing can be told apart by them.
///
/// # Errors
/// All of them do: such a file teaches nothing.
pub fn check_classes(path: &Path, rows: &[&Row], columns: &[&str]) -> Result<()> {
    let mut alone = Vec::new();
    let mut several = 0;
    for column in columns {
        let plain = |row: &&Row| match row.number(column) {
            Ok(number) => number.map(|number| number.to_string()),
            Err(_) => row.word(column).map(str::to_string),
        };
        let labels: BTreeSet<String> = rows.iter().filter_map(plain).collect();
        match labels.into_iter().collect::<Vec<_>>().as_slice() {
            [] => {}
            [label] => alone.push(format!("the column `{column}` says nothing but `{label}`")),
            _ => several += 1,
        }
    }
    let file = path.display();
    ensure!(
        alone.is_empty() || several > 0,
        "{file}: {}: labels of one class teach nothing, at least two are needed",
        alone.join(", ")
    );
    for words in alone {
        eprintln!("{}", one_line(&format!("{file}: {words}: nothing is told apart by it")));
    }
    Ok(())
}

/// The one folder in which labelled files lie.
///
/// # Errors
/// None, or more than one.
pub fn folder_of(folders: &[PathBuf]) -> Result<&Path> {
    let [folder] = folders else { bail!("what the labels name lies in one folder: name it by --data") };
    Ok(folder)
}

fn parse(bytes: &[u8]) -> Result<Vec<Row>> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b';') && !first.contains(&b',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
    let columns = reader.headers()?.clone();
    ensure!(columns.iter().any(|column| column == "file"), "its first line names no column `file`");
    let row = |record: csv::StringRecord| {
        let said = columns.iter().zip(&record).filter(|(_, field)| !field.is_empty());
        let fields: BTreeMap<String, String> =
            said.map(|(column, field)| (column.to_string(), field.to_string())).collect();
        let file = fields.get("file").cloned().context("a line names no file")?;
        Ok(Row { file, fields })
    };
    reader.records().map(|record| row(record?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_come_in_any_order_and_fields_in_quotes() {
        let rows =
            parse(b"\xef\xbb\xbfmidi, file ,family\r\n60,\"a, b.png\",open\r\n,c.png,\"string\"\n").unwrap();
        let [first, second] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((first.file.as_str(), first.number("midi").unwrap()), ("a, b.png", Some(60.0)));
        assert_eq!(first.family().unwrap(), Some(None));
        assert_eq!((second.number("midi").unwrap(), second.word("db")), (None, None));
        assert_eq!(second.family().unwrap(), Some(Some(Family::String)));
    }

    #[test]
    fn semicolons_may_part_the_fields() {
        let rows = parse(b"file;midi;db\n\"a; b.png\";60;-12,5\nc, d.png;;-3.5\n").unwrap();
        let said: Vec<_> = rows.iter().map(|row| (row.file.as_str(), row.number("db").unwrap())).collect();
        assert_eq!(said, [("a; b.png", Some(-12.5)), ("c, d.png", Some(-3.5))]);
        assert_eq!(rows[0].number("midi").unwrap(), Some(60.0));
    }

    #[test]
    fn labels_of_one_class_teach_nothing() {
        let columns = ["midi", "family"];
        for (text, told) in [
            ("file,family\na,open\nb,open\n", "the column `family` says nothing but `open`"),
            (
                "file,midi,family\na,60,\nb,60.0,open\n",
                "the column `midi` says nothing but `60`, the column `family`",
            ),
            ("file,midi,family\na,60,open\nb,61,open\n", ""),
            ("file,family\na,open\nb,string\n", ""),
            ("file,other\na,open\nb,open\n", ""),
        ] {
            let rows = parse(text.as_bytes()).unwrap();
            let checked = check_classes(Path::new("mine.csv"), &rows.iter().collect::<Vec<_>>(), &columns);
            match told {
                "" => checked.unwrap(),
                told => assert!(
                    checked.unwrap_err().to_string().starts_with(&format!("mine.csv: {told}")),
                    "{text}"
                ),
            }
        }
    }

    #[test]
    fn what_is_no_table_of_labels_is_named() {
        for (text, told) in [
            ("", "column `file`"),
            ("name,midi\na,1\n", "column `file`"),
            ("file,midi\na.png\n", "line: 2"),
            ("file,midi\n,60\n", "names no file"),
            ("file\n\u{0}\n", ""),
        ] {
            let refused = parse(text.as_bytes());
            assert!(told.is_empty() || refused.unwrap_err().to_string().contains(told), "{text:?}");
        }
        assert!(parse(b"file\n\xff\xfe\n").is_err());
        let rows = parse(b"file,midi,family\na,inf,kazoo\n").unwrap();
        assert!(rows[0].number("midi").unwrap_err().to_string().contains("`inf`"));
        assert!(rows[0].family().unwrap_err().to_string().contains("kazoo"));
    }
}
