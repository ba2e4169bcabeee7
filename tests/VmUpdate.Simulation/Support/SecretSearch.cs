using System.Text;

namespace VmUpdate.Simulation.Support;

/// <summary>
/// Looks for planted secrets in whatever leaves the product: as they are, as UTF-16 of themselves, in hexadecimal digits and in base64,
/// the digits and letters as ASCII and as UTF-16. A secret of text is to be planted in both its encodings.
/// </summary>
public sealed class SecretSearch
{
    private const int ShortestSecret = 8; // shorter ones are found by accident
    private readonly List<(string What, byte[] Needle)> _needles = [];

    /// <summary>Adds a secret.</summary>
    /// <param name="name">What a finding calls it.</param>
    /// <param name="secret">Its bytes.</param>
    public void Add(string name, ReadOnlySpan<byte> secret)
    {
        if (secret.Length < ShortestSecret)
        {
            throw new ArgumentException($"The secret {name} is too short to be looked for.", nameof(secret));
        }

        string hex = Convert.ToHexString(secret);
        string hexWithDashes = BitConverter.ToString(secret.ToArray());
        _needles.Add(($"{name}, plain", secret.ToArray()));
        _needles.Add(($"{name}, each byte as a UTF-16 character", Encoding.Unicode.GetBytes(string.Concat(secret.ToArray().Select(part => (char)part)))));
        AddText(name, "hexadecimal", hex);
        AddText(name, "hexadecimal", hex.ToLowerInvariant());
        AddText(name, "hexadecimal with dashes", hexWithDashes);
        AddText(name, "decimal with commas", string.Join(",", secret.ToArray()));

        // A secret that starts in the middle of a group of three looks otherwise: the whole groups of all three alignments are looked for.
        for (int skipped = 0; skipped < 3; skipped++)
        {
            int whole = (secret.Length - skipped) / 3 * 3;
            if (whole > 0)
            {
                AddText(name, "base64", Convert.ToBase64String(secret.Slice(skipped, whole)));
            }
        }
    }

    /// <summary>Looks bytes through.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>What was found, or nothing.</returns>
    public IReadOnlyList<string> Find(ReadOnlySpan<byte> bytes)
    {
        var found = new List<string>();
        foreach ((string what, byte[] needle) in _needles)
        {
            if (bytes.IndexOf(needle) >= 0)
            {
                found.Add(what);
            }
        }

        return found;
    }

    /// <summary>Looks a text through.</summary>
    /// <param name="text">The text.</param>
    /// <returns>What was found, or nothing.</returns>
    public IReadOnlyList<string> Find(string text) =>
        [.. Find(Encoding.UTF8.GetBytes(text)), .. Find(Encoding.Unicode.GetBytes(text)), .. Find(Encoding.Latin1.GetBytes(text))];

    /// <summary>Looks through all files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What was found, and in which file.</returns>
    public IReadOnlyList<string> FindInFolder(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .SelectMany(file => Find(File.ReadAllBytes(file)).Select(found => $"{file}: {found}"))
        .ToList();

    private void AddText(string name, string form, string text)
    {
        _needles.Add(($"{name}, {form}", Encoding.ASCII.GetBytes(text)));
        _needles.Add(($"{name}, {form} in UTF-16", Encoding.Unicode.GetBytes(text)));
    }
}
