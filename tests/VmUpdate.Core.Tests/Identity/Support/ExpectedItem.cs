using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VmUpdate.Core.Identity;
using Xunit;

namespace VmUpdate.Core.Tests.Identity.Support;

/// <summary>One item of a pair's expected results, and what it must be.</summary>
/// <param name="Set">The set.</param>
/// <param name="Kind">value, file, or a kind of secret.</param>
/// <param name="Hive">The hive of a value.</param>
/// <param name="Place">The key's path, or the file's with backslashes.</param>
/// <param name="Value">The value's name.</param>
/// <param name="Expected">What the result holds; of kind null when it holds nothing.</param>
internal sealed record ExpectedItem(string Set, string Kind, string Hive, string Place, string Value, JsonElement Expected)
{
    /// <summary>All items but those of secrets, which other tests open.</summary>
    /// <param name="document">The pair's file.</param>
    /// <param name="plan">What was carried: the result of a set that was not is the master's.</param>
    /// <param name="off">Sets that were switched off.</param>
    /// <param name="askedFor">The set of user data that was asked for.</param>
    public static IEnumerable<ExpectedItem> Of(JsonDocument document, IdentityPlan plan, string[] off, string? askedFor)
    {
        HashSet<string> left =
            [.. off, .. plan.Decisions.Where(decision => decision.Outcome == SetOutcome.NotCarried).Select(decision => decision.Set)];
        foreach (JsonElement set in document.RootElement.GetProperty("sets").EnumerateArray())
        {
            string id = set.GetProperty("set").GetString()!;
            foreach (JsonElement item in set.GetProperty("items").EnumerateArray())
            {
                string kind = item.GetProperty("kind").GetString()!;
                if (kind is "secret" or "master-key")
                {
                    continue;
                }

                string expected = askedFor == id && item.TryGetProperty("result_when_asked", out _) ? "result_when_asked"
                    : left.Contains("domain-trust") && item.TryGetProperty("result_without_trust", out _) ? "result_without_trust"
                    : left.Contains(id) ? "master" : "result";
                yield return kind == "value"
                    ? new ExpectedItem(id, kind, Text(item, "hive"), Text(item, "key"), Text(item, "value"), item.GetProperty(expected))
                    : new ExpectedItem(id, "file", string.Empty, Text(item, "path").Replace('/', '\\'), string.Empty, item.GetProperty(expected));
            }
        }
    }

    public override string ToString() => $"{Set}: {Hive}\\{Place} {Value}";

    /// <summary>Asserts that bytes are what is expected: as text, number, hexadecimal digits, or length and SHA-256.</summary>
    public void AssertBytes(byte[]? bytes)
    {
        if (Expected.ValueKind == JsonValueKind.Null)
        {
            Assert.True(bytes is null, $"{this} should not be there.");
            return;
        }

        Assert.True(bytes is not null, $"{this} should be there.");
        switch (Expected.ValueKind)
        {
            case JsonValueKind.Number:
                Assert.Equal(Expected.GetUInt32(), BitConverter.ToUInt32(bytes, 0));
                break;
            case JsonValueKind.String when Expected.GetString()!.StartsWith("hex:", StringComparison.Ordinal):
                Assert.Equal(Expected.GetString()![4..], Convert.ToHexStringLower(bytes));
                break;
            case JsonValueKind.String:
                Assert.Equal(Expected.GetString(), Encoding.Unicode.GetString(bytes).TrimEnd('\0'));
                break;
            default:
                Assert.Equal(Expected.GetProperty("length").GetInt64(), bytes.Length);
                Assert.Equal(Expected.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
                break;
        }
    }

    /// <summary>Asserts that a line of hivexml says what is expected: type, encoding and value.</summary>
    public void AssertHivexml(string? line)
    {
        if (line is null)
        {
            Assert.Equal(JsonValueKind.Null, Expected.ValueKind);
            return;
        }

        string[] parts = line.Split(' ', 3);
        switch (parts)
        {
            case ["string" or "expand", "base64", _] or ["binary" or "none", _, _] or ["binary" or "none", ..]:
                AssertBytes(Convert.FromBase64String(parts[2]));
                break;
            case ["int32", _, _]:
                AssertBytes(BitConverter.GetBytes((uint)long.Parse(parts[2], CultureInfo.InvariantCulture)));
                break;
            default:
                AssertBytes(Encoding.Unicode.GetBytes(parts[2]));
                break;
        }
    }

    private static string Text(JsonElement item, string name) => string.Format(CultureInfo.InvariantCulture, "{0}", item.GetProperty(name).GetString());
}
