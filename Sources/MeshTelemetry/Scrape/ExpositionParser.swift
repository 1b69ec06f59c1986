#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A streaming parser of exposition text: Prometheus' format 0.0.4, tolerant of OpenMetrics.
///
/// It is fed bytes in pieces of any size and calls back once a sample, with the bytes that name the series, so that a
/// caller that knows the series already need not look at its labels again. A line that is none is counted and passed
/// over: one bad exporter must not hide the rest.
public struct ExpositionParser: Sendable {
  /// A line longer than this is no sample.
  static let maximumLine = 1 << 20

  /// How many lines held a sample.
  public private(set) var samples = 0
  /// How many lines were no sample, comment or blank.
  public private(set) var faults = 0
  /// The number of the first such line, from 1.
  public private(set) var firstFault: Int?
  /// Only lines that begin so are read; empty reads all.
  private let prefixes: [[UInt8]]
  private var line = 0
  private var carry: [UInt8] = []
  private var isSkippingLine = false

  /// One sample as its line has it; the bytes live only during the call.
  public struct Line {
    /// The metric's name with its labels, as written.
    public var series: UnsafeBufferPointer<UInt8>
    /// The value; not a number where the text says so.
    public var value: Double
    /// The time that the line gives in seconds since the epoch, if it gives one.
    public var seconds: Double?
  }

  /// Creates a parser; only lines that begin with one of the prefixes are read, all where there is none.
  public init(prefixes: [String] = []) { self.prefixes = prefixes.map { Array($0.utf8) } }

  /// Takes the next piece of the text.
  public mutating func feed(_ bytes: [UInt8], _ body: (Line) -> Void) {
    bytes.withUnsafeBufferPointer { feed($0, body) }
  }

  /// Takes the end of the text: a last line without a line break counts.
  public mutating func finish(_ body: (Line) -> Void) {
    guard !carry.isEmpty else { return }
    let last = carry
    carry = []
    last.withUnsafeBufferPointer { read($0, body) }
  }

  private mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Line) -> Void) {
    var start = 0
    while start < bytes.count, let base = bytes.baseAddress {
      guard let found = memchr(base + start, 0x0A, bytes.count - start) else {
        keep(bytes[start...])
        return
      }
      let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      if isSkippingLine {
        isSkippingLine = false
      } else if carry.isEmpty {
        read(UnsafeBufferPointer(rebasing: bytes[start..<end]), body)
      } else {
        carry += bytes[start..<end]
        finish(body)
      }
      start = end + 1
    }
  }

  private mutating func keep(_ rest: Slice<UnsafeBufferPointer<UInt8>>) {
    guard !isSkippingLine else { return }
    guard carry.count + rest.count <= Self.maximumLine else {
      carry = []
      isSkippingLine = true
      line += 1
      fault()
      return
    }
    carry += rest
  }

  private mutating func fault() {
    faults += 1
    if firstFault == nil { firstFault = line }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Line) -> Void) {
    line += 1
    guard let first = bytes.first, first != UInt8(ascii: "#") else { return }
    if !prefixes.isEmpty {
      guard let base = bytes.baseAddress,
        prefixes.contains(where: { bytes.count > $0.count && memcmp(base, $0, $0.count) == 0 })
      else { return }
    }
    guard let end = Self.endOfSeries(bytes) else {
      if !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { fault() }
      return
    }
    var index = end
    guard let valueRange = Self.word(bytes, &index), let value = ExpositionNumber.parse(bytes[valueRange]) else {
      fault()
      return
    }
    var seconds: Double?
    if let time = Self.word(bytes, &index), bytes[time.lowerBound] != UInt8(ascii: "#") {
      guard let number = ExpositionNumber.parse(bytes[time]) else {
        fault()
        return
      }
      // OpenMetrics has seconds with a fraction, the older format whole milliseconds.
      let isMilliseconds = !bytes[time].contains(UInt8(ascii: ".")) && abs(number) > 1e11
      seconds = isMilliseconds ? number / 1000 : number
    }
    samples += 1
    body(Line(series: UnsafeBufferPointer(rebasing: bytes[..<end]), value: value, seconds: seconds))
  }

  /// The offset behind the name and its labels, or `nil` where there are none or the labels have no end.
  private static func endOfSeries(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "{"): return endOfLabels(bytes, index + 1)
      case 0x20, 0x09: return index > 0 ? index : nil
      default: index += 1
      }
    }
    return nil
  }

  private static func endOfLabels(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    if let end = lastBrace(bytes, start) { return end }
    var index = start
    var isQuoted = false
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\") where isQuoted: index += 1
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "}") where !isQuoted: return index + 1
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The offset behind the last brace, where that is sure to close the labels: it follows a quote that is not escaped, and no `#` can begin an
  /// exemplar (OpenMetrics) with labels of its own. Nine of ten bytes are labels, and so are not looked at one by one.
  private static func lastBrace(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard let base = bytes.baseAddress, memchr(base + start, 0x23, bytes.count - start) == nil else { return nil }
    // A value and a time are short.
    let floor = max(start, bytes.count - 64)
    guard let brace = bytes[floor...].lastIndex(of: UInt8(ascii: "}")), brace > start + 1,
      bytes[brace - 1] == UInt8(ascii: "\""), bytes[brace - 2] != UInt8(ascii: "\\")
    else { return nil }
    return brace + 1
  }

  /// The next run of bytes that are no space.
  private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Range<Int>? {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    let start = index
    while index < bytes.count, !isSpace(bytes[index]) { index += 1 }
    return index > start ? start..<index : nil
  }
}

/// The numbers of exposition text: what Go's `ParseFloat` reads, as far as exporters write it.
enum ExpositionNumber {
  static func parse(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    var value: UInt64 = 0
    for byte in bytes {
      guard (0x30...0x39).contains(byte), bytes.count <= 15 else { return parseSlowly(bytes) }
      value = value * 10 + UInt64(byte - 0x30)
    }
    return bytes.isEmpty ? nil : Double(value)
  }

  private static func parseSlowly(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    let text = String(decoding: bytes, as: UTF8.self)
    switch text.lowercased() {
    case "nan": return .nan
    case "+inf", "inf": return .infinity
    case "-inf": return -.infinity
    default:
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
      return Double(text)
    }
  }
}
