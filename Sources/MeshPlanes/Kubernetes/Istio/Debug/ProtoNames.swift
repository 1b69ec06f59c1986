/// JSON with the names of its messages' definitions, where a server spelt them in camel case: proto3 has both.
///
/// Keys of maps are turned as well: none that is read here has a capital in it. The JSON may come in pieces.
struct ProtoNames {
  /// No name is longer, with what stands between it and its colon.
  private static let longest = 256
  private static let (quote, escape) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))

  /// What may be the beginning of a name.
  private var carry: [UInt8] = []
  /// Whether the piece before ended in a text that is no name, and in an escape.
  private var (isInText, isEscaped) = (false, false)

  /// The same JSON with `route_config` for `routeConfig`; texts that are no names stay as they are.
  static func ofDefinitions(_ json: ArraySlice<UInt8>) -> [UInt8] {
    var names = ProtoNames()
    return names.turned(json, isLast: true)
  }

  /// The next piece turned, but for the beginning of a name at its end: that comes with the next.
  mutating func turned(_ piece: ArraySlice<UInt8>, isLast: Bool = false) -> [UInt8] {
    let json = carry.isEmpty ? piece : (carry + piece)[...]
    carry = []
    var result: [UInt8] = []
    result.reserveCapacity(json.count + json.count / 16)
    var index = json.startIndex
    if isInText { index = endOfText(json, from: index) }
    result += json[..<index]
    while let start = json[index...].firstIndex(of: Self.quote) {
      result += json[index..<start]
      index = endOfText(json, from: start + 1)
      let next = isInText ? nil : json[index...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      if next == nil, !isLast, json.endIndex - start <= Self.longest {
        (carry, isInText, isEscaped) = (Array(json[start...]), false, false)
        return result
      }
      let isName = next == UInt8(ascii: ":") && index - start <= Self.longest
      Self.add(json[start..<index], isName: isName, to: &result)
    }
    return result + json[index...]
  }

  /// The index behind the text that goes on at one, or the end of the piece, where the text has none.
  private mutating func endOfText(_ json: ArraySlice<UInt8>, from start: Int) -> Int {
    isInText = true
    for index in start..<json.endIndex {
      if isEscaped {
        isEscaped = false
      } else if json[index] == Self.escape {
        isEscaped = true
      } else if json[index] == Self.quote {
        isInText = false
        return index + 1
      }
    }
    return json.endIndex
  }

  private static func add(_ text: ArraySlice<UInt8>, isName: Bool, to result: inout [UInt8]) {
    guard isName, text.dropFirst().first.map({ (0x61...0x7A).contains($0) }) == true else {
      result += text
      return
    }
    for byte in text {
      if (0x41...0x5A).contains(byte) { result.append(UInt8(ascii: "_")) }
      result.append((0x41...0x5A).contains(byte) ? byte + 0x20 : byte)
    }
  }
}
