import Foundation
import TerminalUI

/// A table for standard output: fitted and coloured on a terminal, plain and untruncated in a pipe.
struct TextTable {
  private let console: Console
  private let header: [String]
  private let isRight: [Bool]
  private var rows: [[Painted]] = []

  /// A table of columns; a name that begins with `>` is aligned right.
  init(_ console: Console, _ columns: [String]) {
    self.console = console
    header = columns.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    isRight = columns.map { $0.hasPrefix(">") }
  }

  /// Adds a row of plain words.
  mutating func row(_ cells: [String]) { rows.append(cells.map { Painted(text: SafeText($0)) }) }

  /// Adds a row of coloured words.
  mutating func row(_ cells: [Painted]) { rows.append(cells) }

  /// Writes the table.
  func write() throws {
    var widths = header.map(\.count)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.columns) }
    }
    if let columns = console.columns { fit(&widths, into: columns) }
    try write(header.map { Painted(text: SafeText($0), colour: console.isColoured ? .bold : .plain) }, widths)
    for row in rows { try write(row, widths) }
  }

  /// Takes columns off the widest until the table fits the terminal.
  private func fit(_ widths: inout [Int], into columns: Int) {
    let gaps = 2 * max(0, widths.count - 1)
    while widths.reduce(0, +) + gaps > columns,
      let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
    {
      widths[widest] -= 1
    }
  }

  private func write(_ cells: [Painted], _ widths: [Int]) throws {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      var cell = cell
      let cut = cell.text.truncated(to: widths[index])
      let space = String(repeating: " ", count: max(0, widths[index] - cut.columns))
      cell = Painted(text: cut, colour: cell.colour)
      line += isRight[index] ? space + cell.rendered : isLast ? cell.rendered : cell.rendered + space
      if !isLast { line += "  " }
    }
    try console.write(Array((line + "\n").utf8))
  }
}
