import Foundation
import TerminalUI

/// A table for standard output: fitted and coloured on a terminal, plain and untruncated in a pipe.
struct TextTable {
  private let console: Console
  private var header: [String]
  private var isRight: [Bool]
  private var isDispensable: [Bool]
  private var isIdentifier: [Bool]
  private var rows: [[Painted]] = []
  /// How long what a row shows has not been fresh, by its place.
  private var ages: [Int: String] = [:]

  /// A table of columns; a name that begins with `>` is aligned right, one with `?` before is left out of a terminal too
  /// narrow for all, and one with `!` before, an identifier, is cut last and keeps its end.
  init(_ console: Console, _ columns: [String]) {
    self.console = console
    let names = columns.map { $0.drop { $0 == "?" || $0 == "!" } }
    header = names.map { String($0.drop { $0 == ">" }) }
    isRight = names.map { $0.hasPrefix(">") }
    isDispensable = columns.map { $0.hasPrefix("?") }
    isIdentifier = columns.map { $0.hasPrefix("!") }
  }

  /// Adds a row of plain words.
  mutating func row(_ cells: [String], staleFor age: String? = nil) {
    row(cells.map { Painted(text: SafeText($0)) }, staleFor: age)
  }

  /// Adds a row of coloured words; how long it has not been fresh stands in a column of its own.
  mutating func row(_ cells: [Painted], staleFor age: String? = nil) {
    ages[rows.count] = age
    rows.append(cells)
  }

  /// Writes the table.
  func write() throws {
    for line in lines { try console.write(Array((line + "\n").utf8)) }
  }

  /// The heading and the rows, fitted to the terminal.
  var lines: [String] { fitted(to: console.columns) }

  /// The heading and the rows, fitted to a width where there is one.
  func fitted(to columns: Int?) -> [String] {
    guard ages.isEmpty else { return aged.fitted(to: columns) }
    var widths = header.map(\.count)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.columns) }
    }
    var shown = Array(widths.indices)
    if let columns {
      let isEmpty = header.indices.map { place in
        !rows.isEmpty && rows.allSatisfy { !$0.indices.contains(place) || $0[place].text.columns == 0 }
      }
      // The last of those that can be missed goes first; the names stay whole as long as may be.
      while shown.map({ widths[$0] + 2 }).reduce(-2, +) > columns,
        let place = shown.lastIndex(where: { isEmpty[$0] }) ?? shown.lastIndex(where: { isDispensable[$0] })
      {
        shown.remove(at: place)
      }
      widths = shown.map { widths[$0] }
      fit(&widths, shown, into: columns)
    }
    let title = header.map { Painted(text: SafeText($0), colour: console.isColoured ? .bold : .plain) }
    return ([title] + rows).map { row in line(shown.filter(row.indices.contains).map { row[$0] }, widths, shown) }
  }

  /// The same with a column that says which rows are not fresh, and for how long.
  private var aged: TextTable {
    var table = self
    table.header.append("STALE FOR")
    table.isRight.append(true)
    table.isDispensable.append(false)
    table.isIdentifier.append(false)
    for (place, row) in rows.enumerated() { table.rows[place] = row + [console.paint(ages[place] ?? "", .warn)] }
    table.ages = [:]
    return table
  }

  /// Takes columns off the widest until the table fits the terminal, off identifiers only where the others have no more.
  private func fit(_ widths: inout [Int], _ shown: [Int], into columns: Int) {
    let gaps = 2 * max(0, widths.count - 1)
    let identifiers = widths.indices.filter { isIdentifier[shown[$0]] }
    let others = widths.indices.filter { !isIdentifier[shown[$0]] }
    for (places, least) in [(others, 6), (identifiers, 16), (Array(widths.indices), 4)] {
      while widths.reduce(0, +) + gaps > columns,
        let widest = places.max(by: { widths[$0] < widths[$1] }), widths[widest] > least
      {
        widths[widest] -= 1
      }
    }
  }

  private func line(_ cells: [Painted], _ widths: [Int], _ shown: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      var cell = cell
      let width = widths[index]
      let cut = isIdentifier[shown[index]] ? cell.text.cutInside(to: width) : cell.text.truncated(to: width)
      let space = String(repeating: " ", count: max(0, widths[index] - cut.columns))
      cell = Painted(text: cut, colour: cell.colour)
      line += isRight[shown[index]] ? space + cell.rendered : isLast ? cell.rendered : cell.rendered + space
      if !isLast { line += "  " }
    }
    return line
  }
}
