/// Cuts the resources out of a configuration dump that arrives in pieces, so that the whole never stands in memory.
///
/// They are what lies five brackets deep: `{"configs":[{"dynamicRouteConfigs":[{…}]}]}`.
struct DumpCutter: Sendable {
  /// A resource larger than this is none of istiod's: one route configuration holds the services of a whole mesh.
  private static let limit = 64 << 20
  private static let depth = 5

  private var depth = 0
  private var isInText = false
  private var isEscaped = false
  private var carry: [UInt8] = []
  private var isBroken = false

  /// Whether the dump came to its end and nothing was wrong with it.
  private(set) var isWhole = false

  /// Takes the next piece and hands on each resource that is complete.
  mutating func feed(_ piece: [UInt8], _ each: (ArraySlice<UInt8>) -> Void) {
    guard !isBroken else { return }
    var start = piece.startIndex
    for index in piece.indices {
      let byte = piece[index]
      if isInText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == Self.depth { start = index }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == Self.depth {
          each(carry.isEmpty ? piece[start...index] : (carry + piece[start...index])[...])
          carry = []
        }
        depth -= 1
        isWhole = depth == 0
      default: break
      }
    }
    guard depth >= Self.depth else { return }
    carry += piece[start...]
    if carry.count > Self.limit { (isBroken, isWhole, carry) = (true, false, []) }
  }
}

/// JSON with the names of its messages' definitions, where a server spelt them in camel case: proto3 has both.
///
/// Keys of maps are turned as well: none that is read here has a capital in it.
enum ProtoNames {
  /// The same JSON with `route_config` for `routeConfig`; texts that are no names stay as they are.
  static func ofDefinitions(_ json: ArraySlice<UInt8>) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    var result: [UInt8] = []
    result.reserveCapacity(json.count + json.count / 16)
    var index = json.startIndex
    while index < json.endIndex {
      let start = index
      index += 1
      guard json[start] == quote else {
        result.append(json[start])
        continue
      }
      while index < json.endIndex, json[index] != quote {
        index += json[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      index = min(index + 1, json.endIndex)
      let text = json[start..<index]
      let next = json[index...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      guard next == UInt8(ascii: ":"), text.dropFirst().first.map({ (0x61...0x7A).contains($0) }) == true else {
        result += text
        continue
      }
      for byte in text {
        if (0x41...0x5A).contains(byte) {
          result += [UInt8(ascii: "_"), byte + 0x20]
        } else {
          result.append(byte)
        }
      }
    }
    return result
  }
}
