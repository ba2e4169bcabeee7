using System.Reflection;

namespace VmUpdate.Core.Identity;

/// <summary>All sets this library knows: data files that ship with it, and those an administrator adds.</summary>
public sealed class IdentityCatalogue
{
    private const string ResourcePrefix = "identity-catalogue/";

    private IdentityCatalogue(IReadOnlyList<IdentitySet> sets) => Sets = sets;

    /// <summary>The sets, dependencies first.</summary>
    public IReadOnlyList<IdentitySet> Sets { get; }

    /// <summary>The part of it whose truth changes while the machine runs, and what that depends on: what the way back takes from the newer disk.</summary>
    internal IdentityCatalogue Rotating
    {
        get
        {
            var wanted = new HashSet<string>(StringComparer.Ordinal);
            foreach (IdentitySet set in Sets.Reverse().Where(set => set.Rotates || wanted.Contains(set.Id)))
            {
                wanted.Add(set.Id);
                wanted.UnionWith(set.DependsOn);
            }

            return new IdentityCatalogue(Sets.Where(set => wanted.Contains(set.Id)).ToList());
        }
    }

    /// <summary>Loads the sets that ship with the library.</summary>
    /// <returns>The catalogue.</returns>
    public static IdentityCatalogue LoadBuiltIn() => Load([]);

    /// <summary>Loads the sets that ship with the library, and a user's own; a user's set replaces the shipped one of the same id.</summary>
    /// <param name="userFiles">File names and their bytes, UTF-8 JSON.</param>
    /// <returns>The catalogue.</returns>
    /// <exception cref="IdentityException">A file is not valid: file, line and reason.</exception>
    public static IdentityCatalogue Load(IReadOnlyList<(string FileName, byte[] Json)> userFiles)
    {
        var sets = new Dictionary<string, (IdentitySet Set, string File)>(StringComparer.Ordinal);
        foreach ((string file, byte[] json) in BuiltInFiles())
        {
            IdentitySet set = CatalogueFile.Read(file, json);
            sets.Add(set.Id, (set, file));
        }

        var byUser = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string file, byte[] json) in userFiles)
        {
            IdentitySet set = CatalogueFile.Read(file, json);
            if (byUser.TryGetValue(set.Id, out string? other))
            {
                throw CatalogueFile.Invalid(file, 1, $"the set '{set.Id}' is in {other} already.");
            }

            byUser.Add(set.Id, file);
            sets[set.Id] = (set, file);
        }

        return new IdentityCatalogue(InOrder(sets));
    }

    /// <summary>Finds a set.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The set, or <see langword="null"/>.</returns>
    public IdentitySet? Find(string id) => Sets.FirstOrDefault(set => set.Id == id);

    private static IEnumerable<(string File, byte[] Json)> BuiltInFiles()
    {
        Assembly assembly = typeof(IdentityCatalogue).Assembly;
        foreach (string name in assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).OrderBy(name => name, StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            yield return (name.Substring(ResourcePrefix.Length), copy.ToArray());
        }
    }

    private static List<IdentitySet> InOrder(Dictionary<string, (IdentitySet Set, string File)> sets)
    {
        var ordered = new List<IdentitySet>();
        var finished = new HashSet<string>(StringComparer.Ordinal);
        foreach (string id in sets.Keys.OrderBy(id => id, StringComparer.Ordinal))
        {
            Visit(id, []);
        }

        return ordered;

        void Visit(string id, List<string> path)
        {
            if (finished.Contains(id))
            {
                return;
            }

            (IdentitySet set, string file) = sets[id];
            if (path.Contains(id))
            {
                throw CatalogueFile.Invalid(file, 1, $"sets depend on each other in a circle: {string.Join(" -> ", path)} -> {id}.");
            }

            path.Add(id);
            IEnumerable<string> needed = set.DependsOn.Concat(set.Items.Select(item => item.With).Where(with => with.Length > 0));
            foreach (string other in needed.Concat(set.ConflictsWith))
            {
                if (!sets.ContainsKey(other))
                {
                    throw CatalogueFile.Invalid(file, 1, $"the set '{other}', which '{id}' names, is not in the catalogue.");
                }
            }

            foreach (string other in needed.OrderBy(other => other, StringComparer.Ordinal))
            {
                Visit(other, path);
            }

            path.RemoveAt(path.Count - 1);
            finished.Add(id);
            ordered.Add(set);
        }
    }
}
