import Foundation
import MeshModel
import Testing

@Suite("JSON reader: mutated documents")
struct JSONFuzzTests {
  /// A small generator of reproducible numbers (xorshift64*).
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }

  @Test(
    "accepts and refuses what Foundation accepts and refuses, and means the same",
    arguments: 1...8 as ClosedRange<UInt64>)
  func mutations(_ seed: UInt64) throws {
    var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
    let seeds =
      try Recordings.texts().map(\.bytes).filter { $0.count < 3000 } + [
        Array(#"{"a":[1,-2.5e+3,0,true,false,null,"x\u00e9\n\ud83d\ude00"],"":{"b":{}},"c":[[],[{}]]}"#.utf8)
      ]
    let alphabet = Array("{}[]\",:\\u0123456789eE+-.truefalsn \n\t/x".utf8) + [0xC3, 0xA9, 0x80, 0xFF, 0x1F]
    var accepted = 0
    var refused = 0
    for _ in 0..<400 {
      var bytes = seeds.randomElement(using: &generator) ?? []
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<max(1, bytes.count), using: &generator)
        guard place < bytes.count else { break }
        let byte = alphabet.randomElement(using: &generator) ?? 0x20
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2: bytes.remove(at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...4, using: &generator)))
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let ours = try? JSONValue(parsing: bytes)
      // Where the two differ by design: we replace lone surrogates, keep numbers that floating point cannot hold, and
      // Foundation merges names that Swift's `==` merges.
      if let ours, !Self.isComparable(ours) { continue }
      let theirs = try? JSONDecoder().decode(FoundationTree.self, from: Data(bytes))
      #expect((ours == nil) == (theirs == nil), "\(text)")
      if let ours, let theirs {
        accepted += 1
        let again = try JSONDecoder().decode(FoundationTree.self, from: Data(JSONWriter.bytes(ours)))
        #expect(again == theirs, "\(text)")
      } else {
        refused += 1
      }
    }
    #expect(accepted > 30)
    #expect(refused > 100)
  }

  static func isComparable(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): !text.contains("\u{FFFD}")
    case .number(let text): Double(text)?.isFinite ?? false
    case .array(let items): items.allSatisfy(isComparable)
    case .object(let object):
      object.members.allSatisfy { isComparable(.string($0.name)) && isComparable($0.value) }
    default: true
    }
  }

  @Test("any cut of a document is refused as cut, never accepted and never a trap")
  func cuts() throws {
    for (label, bytes) in try Recordings.texts() where bytes.count < 3000 {
      let end = bytes.count - (bytes.reversed().firstIndex { ![0x20, 0x0A].contains($0) } ?? 0)
      for cut in stride(from: 0, to: end, by: 7) {
        do throws(JSONError) {
          _ = try JSONValue(parsing: Array(bytes[..<cut]))
          Issue.record("\(label) cut at \(cut) accepted")
        } catch { #expect(error.code == .truncated, "\(label) cut at \(cut)") }
      }
    }
  }
}
