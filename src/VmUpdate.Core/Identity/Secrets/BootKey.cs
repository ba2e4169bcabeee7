using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity.Secrets;

/// <summary>
/// The key that everything of LSA hangs on: 16 bytes, written as hexadecimal digits into the class names of four keys of the SYSTEM
/// hive, and shuffled.
/// </summary>
internal static class BootKey
{
    public const int Size = 16;

    private const string LsaKey = "Control\\Lsa";
    private const int DigitsPerName = 8;

    private static readonly string[] Names = ["JD", "Skew1", "GBG", "Data"];
    private static readonly int[] Order = [8, 5, 4, 2, 11, 9, 13, 3, 0, 6, 1, 12, 14, 10, 15, 7];

    /// <summary>The paths of the four keys, <c>CurrentControlSet</c> unresolved.</summary>
    public static IEnumerable<string> KeyPaths => Names.Select(name => $"CurrentControlSet\\{LsaKey}\\{name}");

    /// <summary>Reads it.</summary>
    /// <param name="system">The SYSTEM hive.</param>
    /// <param name="controlSet">The current control set's name.</param>
    /// <param name="subject">What messages call the disk.</param>
    /// <returns>The key.</returns>
    /// <exception cref="IdentityException">One of the four class names is missing or is not what Windows writes.</exception>
    public static SecretBuffer Read(RegistryHive system, string controlSet, string subject)
    {
        using var shuffled = new SecretBuffer(Size);
        for (int index = 0; index < Names.Length; index++)
        {
            string path = $"{controlSet}\\{LsaKey}\\{Names[index]}";
            string digits = (system.Find(path) ?? throw Fail(subject, path, "the key is missing")).ClassName;
            if (!TryParse(digits, shuffled.Span.Slice(index * DigitsPerName / 2, DigitsPerName / 2)))
            {
                // The digits are part of the key: the message says how many, not which.
                throw Fail(subject, path, $"its class name has {digits.Length} characters that are not {DigitsPerName} hexadecimal digits");
            }
        }

        var key = new SecretBuffer(Size);
        for (int index = 0; index < Size; index++)
        {
            key.Span[index] = shuffled.Span[Order[index]];
        }

        return key;
    }

    private static bool TryParse(string digits, Span<byte> bytes)
    {
        if (digits.Length != bytes.Length * 2)
        {
            return false;
        }

        for (int index = 0; index < bytes.Length; index++)
        {
            int high = Value(digits[index * 2]);
            int low = Value(digits[(index * 2) + 1]);
            if (high < 0 || low < 0)
            {
                return false;
            }

            bytes[index] = (byte)((high << 4) | low);
        }

        return true;
    }

    private static int Value(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'f' => digit - 'a' + 10,
        >= 'A' and <= 'F' => digit - 'A' + 10,
        _ => -1,
    };

    private static IdentityException Fail(string subject, string path, string what) => new(
        IdentityFailure.BootKeyUnreadable,
        subject,
        $"{what}, so the boot key of this Windows is unknown and no secret of it can be opened.",
        $"SYSTEM, {path}");
}
