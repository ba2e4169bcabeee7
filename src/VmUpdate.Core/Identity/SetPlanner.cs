using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Ntfs;

namespace VmUpdate.Core.Identity;

/// <summary>Decides, set by set, what is carried from one disk to another, and lists the steps.</summary>
internal sealed partial class SetPlanner
{
    private readonly IdentityCatalogue _catalogue;
    private readonly GuestDisk _old;
    private readonly GuestDisk _master;
    private readonly IdentityOptions _options;
    private readonly List<SetDecision> _decisions = [];
    private readonly List<PlannedStep> _steps = [];
    private readonly List<string> _warnings = [];
    private readonly HashSet<string> _carried = new(StringComparer.Ordinal);
    private readonly FirstBootManifest _firstBoot = new();
    private readonly HashSet<string> _shells = new(StringComparer.OrdinalIgnoreCase);

    public SetPlanner(IdentityCatalogue catalogue, GuestDisk old, GuestDisk master, IdentityOptions options)
    {
        _catalogue = catalogue;
        _old = old;
        _master = master;
        _options = options;
    }

    public IReadOnlyList<SetDecision> Decisions => _decisions;

    public IReadOnlyList<PlannedStep> Steps => _steps;

    public IReadOnlyList<string> Warnings => _warnings;

    public MasterFacts Master { get; private set; } = new(false, null);

    /// <summary>Decides all sets.</summary>
    /// <param name="plan">A plan whose refusals stand; none on the first planning.</param>
    public void Run(IdentityPlan? plan)
    {
        RequireServiceable();
        MachineSid.RequireReadable(_old);
        MachineSid.RequireReadable(_master);

        // The disk to go back to is the machine's own: it was specialized, and its SID is no news.
        Master = _options.IsWayBack ? new MasterFacts(false, null) : MasterFacts.Read(_master, _options.AllowSharedMachineSid);
        Dictionary<string, SetDecision>? planned = plan?.Decisions.ToDictionary(decision => decision.Set, StringComparer.Ordinal);
        foreach (IdentitySet set in _catalogue.Sets.Where(set => set.IsEnabled))
        {
            SetDecision decision = planned is not null && planned.TryGetValue(set.Id, out SetDecision? earlier)
                && earlier.Outcome == SetOutcome.NotCarried
                ? NotCarried(set, earlier.Reason)
                : Decide(set);
            if (set.IsEssential && !_options.IsWayBack && decision.Outcome != SetOutcome.Carried)
            {
                throw new IdentityException(
                    IdentityFailure.EssentialSetNotCarried,
                    _old.Subject,
                    $"{set.Title} cannot be carried, and without it the machine would take the master's place: {decision.Reason}",
                    set.Id);
            }

            if (decision.Outcome == SetOutcome.Carried)
            {
                _carried.Add(set.Id);
            }

            _decisions.Add(decision);
        }

        AddGeneratedFiles();
        WarnOfCertificates();
        RequireNoClash();
        RequireRoom();
    }

    private SetDecision Decide(IdentitySet set)
    {
        if (_options.IsWayBack && !set.Rotates)
        {
            return DecideUnchanged(set);
        }

        if (_options.LeaveOut.Contains(set.Id))
        {
            return NotCarried(set, "It was left out on the administrator's word.");
        }

        if (set.Verb == SetVerb.Rename)
        {
            return DecideRename(set);
        }

        if (set.Refuses != Refusal.None && !IsWanted(set))
        {
            RequireAbsent(set);
        }

        if (set.IsUserData && !IsUserDataWanted)
        {
            return NotCarried(set, _options.UserData == UserDataMode.Never
                ? "User data was not asked for; it stays on the old disk."
                : "No user had to be ended for this swap, so user data stays on the old disk.");
        }

        return !IsWanted(set) ? NotCarried(set, set.Reason)
            : FindObstacle(set) is { } obstacle ? NotCarried(set, obstacle)
            : set.IsOnlyWhenNeeded && !_options.IsWayBack && !IsNeeded(set) ? NotCarried(set, "No set that needs it is carried.")
            : Carry(set);
    }

    private bool IsWanted(IdentitySet set) => set.Old == OldVerb.Carry || (set.Old == OldVerb.Ask && _options.CarryOnWord.Contains(set.Id));

    private static bool IsCarried(IdentityItem item) => item.Old is OldVerb.Carry or OldVerb.Ask;

    private bool IsStripped(IdentitySet set, IdentityItem item) =>
        item.Master == MasterVerb.Strip || (item.Master == MasterVerb.Ask && _options.StripOnWord.Contains(set.Id));

    private bool IsUserDataWanted => _options.UserData == UserDataMode.Always
        || (_options.UserData == UserDataMode.WhenForcedOff && _options.UserWasForcedOff);

    private string? FindObstacle(IdentitySet set)
    {
        // What the set itself asks for comes first: a set that is carried only when needed is left because this one is, and is no reason.
        if (FindUnmet(set) is { } unmet)
        {
            return unmet;
        }

        if (FindSpecialized(set) is { } specialized)
        {
            return specialized;
        }

        if (set.DependsOn.FirstOrDefault(other => !_carried.Contains(other)) is { } missing)
        {
            return $"It needs the set {missing}, which is not carried.";
        }

        IEnumerable<string> conflicts = _carried.Where(other =>
            set.ConflictsWith.Contains(other) || _catalogue.Find(other)!.ConflictsWith.Contains(set.Id));
        return conflicts.FirstOrDefault() is { } conflict
            ? $"It must not be carried together with the set {conflict}, which is."
            : FindSealed(set);
    }

    private string? FindUnmet(IdentitySet set) => set.Preconditions
        .FirstOrDefault(precondition => !(precondition.UnlessAsked && _options.CarryOnWord.Contains(set.Id)) && !Holds(precondition))?.Otherwise;

    private bool Holds(Precondition precondition) => precondition.Kind switch
    {
        PreconditionKind.SameMachineSid => _old.MachineSid is { } sid && sid.Equals(_master.MachineSid),
        _ => RegistryPlaces.Find(_old, precondition.Hive, precondition.Key).Any()
            == RegistryPlaces.Find(_master, precondition.Hive, precondition.Key).Any(),
    };

    private SetDecision Carry(IdentitySet set)
    {
        List<IdentityItem> items = ItemsOf(set);
        IReadOnlyList<GuestPattern> exclude = ExcludedFrom(set);
        List<Place> places = Distinct(
            items.Where(IsCarried).SelectMany(item => SetPlaces.Find(_old, item, exclude)));
        if (places.Count == 0)
        {
            return NotCarried(set, "The old disk does not hold it.");
        }

        if (items.FirstOrDefault(item => item.IsRequired && !places.Any(place => ReferenceEquals(place.Item, item))) is { } required)
        {
            return NotCarried(set, $"The old disk lacks {required.Name}, without which the set is not whole.");
        }

        if (set.IsUserData)
        {
            places = WithoutUncopyable(places);
        }
        else if (places.FirstOrDefault(place => IsUncopyable(place.Entry)) is { } uncopyable)
        {
            return NotCarried(set, $"{uncopyable.Path} is encrypted or a link, so its bytes cannot be copied.");
        }

        var present = new HashSet<string>(items.SelectMany(item => SetPlaces.Find(_master, item, exclude)).Select(place => place.Key));
        var steps = new List<PlannedStep>();
        foreach (Place place in places.Where(place => !place.Item.OnlyWherePresent || present.Contains(place.Key)))
        {
            if (place.Kind == ManifestItemKind.StaticAddress)
            {
                _firstBoot.SetAddress(set.Id, StaticAddressKind.Find(_old, place.Path)!);
            }
            else if (place.Kind != ManifestItemKind.Folder)
            {
                AddParents(set, place, steps);
                steps.Add(PlannedStep.Of(set, ManifestAction.Write, place));
            }
            else
            {
                AddFolder(set, GuestPath.Parse(place.Path), steps);
            }
        }

        RequireSealable(places);
        if (FindForeignOwner(steps) is { } foreign)
        {
            steps.ForEach(step => _shells.Remove(ShellKey(step.Kind, step.Hive, step.Path)));
            return NotCarried(
                set,
                $"{foreign} belongs to an account of the old machine itself ({_old.MachineSid}), which is unknown on the new disk.");
        }

        long bytes = steps.Sum(step => step.Bytes);
        if (set.IsUserData && bytes > _options.UserDataLimitBytes)
        {
            throw new IdentityException(
                IdentityFailure.UserDataTooLarge,
                _old.Subject,
                $"the user data to carry is {bytes} bytes, and the limit is {_options.UserDataLimitBytes}; raise it, or name fewer files.",
                set.Id);
        }

        if (!set.IsUserData)
        {
            // A carried set equals the old disk's, in what it lacks too: half of one identity and half of another would be neither.
            var carried = new HashSet<string>(places.Select(place => place.Key));
            // An item that neither disk's is taken of stays as the master has it.
            steps.AddRange(Removals(set, items.Where(item => !item.OnlyWherePresent && !item.IsBeside && (IsCarried(item) || IsStripped(set, item))), exclude)
                .Where(step => !carried.Contains(step.Key)).Select(step => step.Step));
        }

        _steps.AddRange(steps);
        AddFirstBoot(set, places);
        SetVerb verb = set.Verb == SetVerb.Strip ? SetVerb.Ask : set.Verb;
        return new SetDecision(set.Id, verb, SetOutcome.Carried, set.Reason, Math.Max(steps.Count, places.Count), bytes);
    }

    private SetDecision NotCarried(IdentitySet set, string reason)
    {
        IReadOnlyList<GuestPattern> exclude = ExcludedFrom(set);
        List<IdentityItem> items = ItemsOf(set);
        int onOld = items.Count(item => SetPlaces.Any(_old, item, exclude));
        List<PlannedStep> removals = _options.IsWayBack ? [] :
            Removals(set, items.Where(item => IsStripped(set, item)), exclude).Select(found => found.Step).ToList();
        _steps.AddRange(removals);
        if (onOld > 0 && set.WhenLost.Length > 0)
        {
            _warnings.Add(set.WhenLost);
        }

        SetOutcome outcome = onOld > 0 ? SetOutcome.NotCarried
            : removals.Count > 0 ? SetOutcome.Stripped
            : items.Any(item => SetPlaces.Any(_master, item, exclude)) ? SetOutcome.Kept
            : SetOutcome.Absent;
        const string removed = " The master's is removed.";
        string and = onOld > 0 && removals.Count > 0 && !reason.EndsWith(removed, StringComparison.Ordinal) ? removed : string.Empty;
        return new SetDecision(set.Id, set.Verb, outcome, reason + and, outcome == SetOutcome.Stripped ? removals.Count : onOld, 0);
    }

    /// <summary>Steps that remove what the master holds, what a folder holds before the folder.</summary>
    private IEnumerable<(string Key, PlannedStep Step)> Removals(
        IdentitySet set, IEnumerable<IdentityItem> items, IReadOnlyList<GuestPattern> exclude) =>
        Distinct(items.SelectMany(item => SetPlaces.Find(_master, item, exclude)))
            .AsEnumerable().Reverse()
            .Select(place => (place.Key, PlannedStep.Of(set, ManifestAction.Remove, place)));

    private List<IdentityItem> ItemsOf(IdentitySet set)
    {
        if (set.IsUserData && _options.UserDataPatterns.Count > 0)
        {
            return _options.UserDataPatterns.Select(ReadUserPattern).ToList();
        }

        return set.Items
            .Where(item => (item.With.Length == 0 || _carried.Contains(item.With)) && (item.Dpapi is null || item.Dpapi == _options.Dpapi))
            .ToList();
    }

    private IdentityItem ReadUserPattern(string pattern)
    {
        try
        {
            return new IdentityItem { Kind = IdentityItemKind.File, Name = pattern, Path = GuestPattern.Parse(pattern) };
        }
        catch (ArgumentException failure)
        {
            throw new IdentityException(
                IdentityFailure.CatalogueInvalid, pattern, $"it is no pattern for user data: {failure.Message}", inner: failure);
        }
    }

    /// <summary>What is left out: the set's own list and, for user data, every file of a set that must not be copied.</summary>
    private IReadOnlyList<GuestPattern> ExcludedFrom(IdentitySet set) => !set.IsUserData ? set.Exclude :
    [
        .. set.Exclude,
        .. _catalogue.Sets.Where(other => other.IsEnabled && other.Old == OldVerb.Never)
            .SelectMany(other => other.Items).Where(item => item.Path != GuestPattern.Nothing).Select(item => item.Path),
    ];

    private static List<Place> Distinct(IEnumerable<Place> places)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return places.Where(place => seen.Add(place.Key)).ToList();
    }

    private List<Place> WithoutUncopyable(List<Place> places)
    {
        List<Place> kept = places.Where(place => !IsUncopyable(place.Entry)).ToList();
        if (kept.Count < places.Count)
        {
            _warnings.Add($"{places.Count - kept.Count} files or folders of user data are links, placeholders or encrypted, and are not carried.");
        }

        return kept;
    }

    // A reparse point is a link, or a file whose bytes are elsewhere (cloud, deduplication); encrypted bytes need the user's key.
    internal static bool IsUncopyable(NtfsEntry? entry) =>
        entry is not null && (entry.ReparseTag != 0 || (entry.Attributes & FileAttributes.Encrypted) != 0);
}
